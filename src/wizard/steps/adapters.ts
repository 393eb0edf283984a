import type { Adapter } from '../../../adapters/adapter.js';
import type { BackboneShape } from '../../backbones/backbone.js';
import { InterruptedError, UsageError } from '../../base/errors.js';
import { formatDuration } from '../../base/figures.js';
import type { AdapterEstimate } from '../../plan/planRun.js';
import type { Answers } from '../answers.js';
import { chosenBackbone, chosenTask } from '../chosen.js';
import { count } from '../figures.js';
import type { Choice } from '../question.js';
import { settingsOf } from '../recipe.js';
import { completeOptions } from '../schemaValues.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

/** Costs by kind of adapter; none where they can't be had, and why. */
interface Costs {
  readonly byKind: ReadonlyMap<string, AdapterEstimate>;
  readonly reason?: string;
}

async function costsOf(answers: Answers, world: World): Promise<Costs> {
  if (!world.isWatched) return { byKind: new Map() };
  try {
    const estimates = await world.estimates(await settingsOf({ ...answers, adapters: [] }, world));
    if (!estimates) return { byKind: new Map(), reason: 'skipped' };
    return { byKind: new Map(estimates.map((one) => [one.kind, one])) };
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof Error)) throw error;
    return { byKind: new Map(), reason: error.message.split('\n', 1)[0] as string };
  }
}

/** Trainable parameters with default options, or why the backbone can't take the adapter. */
function parametersOf(adapter: Adapter<unknown>, shape: BackboneShape): number | string {
  try {
    const options = completeOptions(adapter.schema);
    adapter.plan(shape, options);
    return adapter.parameterCount(shape, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ message }) => message).join('; ');
  }
}

function choiceOf(adapter: Adapter<unknown>, shape: BackboneShape, { byKind }: Costs): Choice {
  const { kind, description } = adapter;
  const parameters = parametersOf(adapter, shape);
  const estimate = byKind.get(kind);
  const seconds = estimate === undefined ? '-' : formatDuration(estimate.secondsPerEpoch);
  if (typeof parameters === 'string')
    return { value: kind, cells: [kind, '-', '-', parameters], refused: parameters };
  return { value: kind, cells: [kind, count(parameters), seconds, description], description };
}

/** What trains besides the head, with its cost beside it. */
export const adaptersStep: Step = {
  name: 'adapters',
  keys: ['adapters'],
  async ask(answers, world) {
    const { shape } = chosenBackbone(answers, world);
    const costs = await costsOf(answers, world);
    const { adapter = 'bottleneck' } = chosenTask(answers, world);
    return {
      kind: 'many',
      step: 'adapters',
      title: 'adapters',
      ...(costs.reason !== undefined && { facts: [`seconds are not known: ${costs.reason}`] }),
      headings: ['', 'trainable', 'an epoch', 'good for'],
      choices: world.modules.adapters.map((one) => choiceOf(one, shape, costs)),
      byDefault: answers.adapters ?? [adapter],
    };
  },
  async take(answers, reply, world) {
    if (reply.kind !== 'many') return answers;
    const { shape } = chosenBackbone(answers, world);
    const problems = reply.values.flatMap((kind) => {
      const adapter = world.modules.adapters.find((one) => one.kind === kind);
      if (!adapter) return [{ where: 'adapters', message: `there is no adapter "${kind}"` }];
      const parameters = parametersOf(adapter, shape);
      return typeof parameters === 'string' ? [{ where: 'adapters', message: `${kind}: ${parameters}` }] : [];
    });
    if (problems.length > 0) throw new UsageError(problems);
    return { ...answers, adapters: reply.values };
  },
};
