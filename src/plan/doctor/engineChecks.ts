import type { Example } from '../../../tasks/example.js';
import { UsageError } from '../../base/errors.js';
import { float32 } from '../../base/hostTensor.js';
import {
  compile,
  type EngineInfo,
  fromHost,
  type Precision,
  startEngine,
  type Tensor,
  tf,
  toPrecision,
} from '../../engine/index.js';
import { createEvaluator } from '../../model/evaluate.js';
import { createModel, type Model } from '../../model/model.js';
import type { Modules } from '../../prepare/modules.js';
import type { RunSettings } from '../../training/settings.js';
import { createStep } from '../../training/step.js';
import { middleMean } from '../middleMean.js';
import { type OpenedPlan, openPlan } from '../openPlan.js';
import { type Check, fail, messageOf, ok, warn } from './check.js';

type Tell = (check: Check) => void;

/** Packages that bring binaries, by what they are for. */
const BINARIES = { koffi: 'calls the engine', sharp: 'reads pictures' } as const;

/** Rows, inner size and columns of the product: a feed-forward layer of BERT-base on 16 sequences of 140. */
const [ROWS, INNER, COLUMNS] = [2240, 768, 3072] as const;
/** Timed products, and seconds of them that are enough. */
const [PRODUCTS, ENOUGH] = [4, 0.5];
/** Examples of the step, steps before it is timed, and timed ones. */
const [FIRST_STEPS, STEPS] = [2, 3];

async function packages(): Promise<Check> {
  const broken: string[] = [];
  for (const [name, use] of Object.entries(BINARIES)) {
    try {
      await import(name);
    } catch (error) {
      broken.push(`${name}, which ${use}: ${messageOf(error)}`);
    }
  }
  if (broken.length === 0) return ok('packages', `${Object.keys(BINARIES).join(', ')} load`);
  return fail('packages', broken.join('; '), 'npm ci, with optional packages and on this kind of machine');
}

async function engine(): Promise<Check & { readonly info?: EngineInfo }> {
  try {
    const info = await startEngine({ verify: true });
    const { backend, version, device, threads, library, reason } = info;
    const found = `${backend} ${version} on ${device}, ${threads} thread${threads === 1 ? '' : 's'}`;
    if (!reason) return { ...ok('engine', library ? `${found}, ${library}` : found), info };
    return { ...warn('engine', `${found}: ${reason}`, 'vlgraft engine install; wasm is slower'), info };
  } catch (error) {
    const settings = ['VLGRAFT_LIBTENSORFLOW', 'VLGRAFT_BACKEND'].filter((name) => process.env[name]);
    const advice =
      settings.length > 0
        ? `correct or unset ${settings.join(' and ')}, or vlgraft engine install --force`
        : 'vlgraft engine install --force, or VLGRAFT_BACKEND=wasm';
    return fail('engine', messageOf(error), advice);
  }
}

/** Billions of multiplications and additions a second in a product of matrices. */
async function productSpeed(precision: Precision): Promise<number> {
  const random = (shape: readonly [number, number]): Tensor => {
    const whole = fromHost(float32(shape, new Float32Array(shape[0] * shape[1]).fill(0.5)));
    const stored = toPrecision(whole, precision);
    whole.dispose();
    return stored;
  };
  const [a, b] = [random([ROWS, INNER]), random([INNER, COLUMNS])];
  const product = compile((inputs: { a: Tensor; b: Tensor }) => ({ c: tf.matMul(inputs.a, inputs.b) }));
  const times: number[] = [];
  const isEnough = () => times.reduce((sum, one) => sum + one, 0) >= ENOUGH;
  for (let call = 0; call <= PRODUCTS && !isEnough(); call++) {
    const start = performance.now();
    const { c } = await product.run({ a, b });
    if (call > 0) times.push((performance.now() - start) / 1000);
    c.dispose();
  }
  product.dispose();
  tf.dispose([a, b]);
  return (2 * ROWS * INNER * COLUMNS) / middleMean(times) / 1e9;
}

async function product(precision: Precision): Promise<Check> {
  const name = `product ${precision}`;
  try {
    const speed = await productSpeed(precision);
    return ok(name, `${speed.toFixed(1)} GFLOP/s in [${ROWS}, ${INNER}] x [${INNER}, ${COLUMNS}]`);
  } catch (error) {
    const advice = precision === 'f32' ? 'vlgraft engine install --force' : 'backbone.precision "f32"';
    return fail(name, messageOf(error), advice);
  }
}

/** The op that an engine says it lacks; undefined where the message is of something else. */
export const missingOperation = (message: string): string | undefined =>
  /Kernel '([^']+)' not registered|Op type not registered '([^']+)'|No gradient defined for op:? '?(\w+)|gradient function not found for (\w+)|No OpKernel was registered to support Op '([^']+)'/i
    .exec(message)
    ?.slice(1)
    .find(Boolean);

const lacking = (name: string, error: unknown): Check => {
  const message = error instanceof Error ? error.message : String(error);
  const operation = missingOperation(message);
  return operation
    ? fail(name, `this engine lacks ${operation}`, 'vlgraft engine install --force, or other adapters')
    : fail(name, messageOf(error), 'vlgraft validate and vlgraft data check tell more of recipe and data');
};

async function forward({ prepared, collator, settings }: OpenedPlan, model: Model): Promise<Check> {
  const evaluator = createEvaluator(model);
  try {
    const examples = prepared.splits.train.slice(0, settings.training.batchSize);
    const batch = await collator.collate(examples, { training: false, seed: [settings.seed] });
    await evaluator.run(batch);
    return ok('operations', `all that '${settings.name}' needs to predict`);
  } catch (error) {
    return lacking('operations', error);
  } finally {
    evaluator.dispose();
  }
}

async function training(plan: OpenedPlan, model: Model): Promise<Check[]> {
  const { prepared, collator, settings } = plan;
  const step = createStep(model, { ...settings.training, accumulate: 1 }, prepared.optimizer);
  try {
    const examples: readonly Example[] = prepared.splits.train.slice(0, settings.training.batchSize);
    const group = prepared.task.task.grouping?.of(examples[0] as Example);
    const batch = await collator.collate(
      examples.filter((example) => prepared.task.task.grouping?.of(example) === group),
      { training: true, seed: [settings.seed] },
    );
    const times: number[] = [];
    for (let call = 0; call < FIRST_STEPS + STEPS; call++) {
      const start = performance.now();
      const groupSteps = group === undefined ? {} : { [group]: 1 };
      await step.run({ batch, seed: [1, call], weight: 1, update: { learningRate: 0, step: 1, groupSteps } });
      if (call >= FIRST_STEPS) times.push(performance.now() - start);
    }
    return [
      ok('gradients', `all that '${settings.name}' needs to train`),
      ok('a step', `${Math.round(middleMean(times))} ms with ${examples.length} examples`),
    ];
  } catch (error) {
    return [lacking('gradients', error)];
  } finally {
    step.dispose();
  }
}

async function recipe(settings: RunSettings, modules: Modules, tell: Tell): Promise<void> {
  const { train, validation: _validation, test: _test, ...data } = settings.data;
  let plan: OpenedPlan;
  try {
    plan = await openPlan({ ...settings, data: { ...data, train } }, modules, {});
  } catch (error) {
    const advice =
      error instanceof UsageError ? 'vlgraft data check tells more' : 'vlgraft validate tells more';
    tell(fail('recipe', messageOf(error), advice));
    return;
  }
  try {
    const model = createModel(plan.prepared.parts);
    try {
      tell(await forward(plan, model));
      for (const check of await training(plan, model)) tell(check);
    } finally {
      model.dispose();
    }
  } finally {
    await plan.close();
  }
}

/** What must be tried with packages and engine: they may end the process that does it. */
export async function engineChecks(settings: RunSettings, modules: Modules, tell: Tell): Promise<void> {
  tell(await packages());
  const { info, ...started } = await engine();
  tell(started);
  if (!info) {
    tell(warn('recipe', 'not tried, since the engine did not start', 'mend the engine first'));
    return;
  }
  tell(await product('f32'));
  if (info.backend === 'tensorflow') tell(await product('bf16'));
  await recipe(settings, modules, tell);
}
