import type { BackboneShape, Weights } from '../../../src/backbones/backbone.js';
import { type Problem, UsageError } from '../../../src/base/errors.js';
import type { HostTensor } from '../../../src/base/hostTensor.js';
import type { Json } from '../../../src/base/json.js';
import { addAll } from '../../../src/base/lists.js';
import type { AdapterFormat, ForeignAdapter, NativeAdapter } from '../../adapter.js';
import { type LowRankOptions, type LowRankSite, lowRankSites } from '../../parts/lowRank.js';
import { moduleOf, patternsFor, type StoredModule, storedModules, tensorName } from './modules.js';
import { type NumberRule, numberAt, type PeftConfig, shown, unmapped } from './options.js';
import { patternAt } from './patterns.js';
import { mischosen, selectionOptions } from './selection.js';

/** The parts of a site's parameters and how PEFT calls them. */
const PARTS = { A: 'lora_A.weight', B: 'lora_B.weight', magnitude: 'lora_magnitude_vector' } as const;

type Part = keyof typeof PARTS;

/** How older releases called the magnitude. */
const OLD_MAGNITUDE = `${PARTS.magnitude}.weight`;

const partsOf = (kind: 'lora' | 'dora'): readonly Part[] =>
  kind === 'dora' ? ['A', 'B', 'magnitude'] : ['A', 'B'];

/** Starts that leave the backbone's weights as they are; others (PiSSA, OLoRA, ...) train on changed ones. */
const PLAIN_STARTS: readonly Json[] = [true, false, 'gaussian', 'eva', 'orthogonal'];

const READ = [
  ...selectionOptions,
  'r',
  'lora_alpha',
  'lora_dropout',
  'use_rslora',
  'use_dora',
  'rank_pattern',
  'alpha_pattern',
  'bias',
  'init_lora_weights',
  // without effect on what was saved: settings of the start, of quantised models, of tied weights
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
  'megatron_core',
  'qalora_group_size',
  'ensure_weight_tying',
];

const aRank: NumberRule = {
  isRight: (value) => Number.isSafeInteger(value) && value >= 1,
  expected: 'an integer of at least 1',
};
const anAlpha: NumberRule = { isRight: (value) => value > 0, expected: 'a number above 0' };
const aRate: NumberRule = { isRight: (value) => value >= 0 && value < 1, expected: '0 up to, not at, 1' };

function startProblems({ bias = 'none', init_lora_weights: start = true }: PeftConfig): Problem[] {
  return [
    ...(bias === 'none'
      ? []
      : [{ where: '/bias', message: `it is ${shown(bias)}: biases were trained`, expected: '"none"' }]),
    ...(PLAIN_STARTS.includes(start)
      ? []
      : [
          {
            where: '/init_lora_weights',
            message: `${shown(start)} changes the weights of the backbone, or what trains`,
            expected: 'an adapter that PEFT converted to plain LoRA when saving it',
          },
        ]),
  ];
}

/** The tensors of one module, by part; adds to `problems` those that are missing or misshapen. */
function readModule(
  { site, module, tensors }: StoredModule,
  parts: readonly Part[],
  rank: number,
  problems: Problem[],
): ReadonlyMap<Part, HostTensor> {
  const found = new Map<Part, HostTensor>();
  const shapes = { A: [rank, site.inputWidth], B: [site.outputWidth, rank], magnitude: [site.outputWidth] };
  for (const part of parts) {
    const where = tensorName(module, PARTS[part]);
    const tensor =
      tensors.get(PARTS[part]) ?? (part === 'magnitude' ? tensors.get(OLD_MAGNITUDE) : undefined);
    if (!tensor) problems.push({ where, message: 'this tensor is missing' });
    else if (tensor.dtype !== 'float32' || String(tensor.shape) !== String(shapes[part])) {
      const message = `its shape is ${tensor.dtype} [${tensor.shape.join(', ')}]`;
      problems.push({ where, message, expected: `float32 [${shapes[part].join(', ')}] by the config` });
    } else found.set(part, tensor);
  }
  return found;
}

const countOf = (value: number, values: readonly number[]): number =>
  values.filter((one) => one === value).length;

/** The value that most have. */
const commonest = (values: readonly number[]): number =>
  values.reduce((best, value) => (countOf(value, values) > countOf(best, values) ? value : best));

const ofSite = ({ site }: LowRankSite): string => site.name;

const ofModule = ({ site }: LowRankSite): string => moduleOf(site);

/** Entries of a pattern: the sites whose number is not the common one. */
const exceptions = (
  adapted: readonly LowRankSite[],
  number: (adapted: LowRankSite) => number,
  common: number,
  name: (adapted: LowRankSite) => string,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    adapted.filter((one) => number(one) !== common).map((one) => [name(one), number(one)] as const),
  );

/** Sites with rank and alpha by the config, and their tensors by the names of the plan; adds to `problems` what differs. */
function readAdapted(
  parts: readonly Part[],
  { config, tensors }: ForeignAdapter,
  backbone: BackboneShape,
  problems: Problem[],
): { readonly adapted: readonly LowRankSite[]; readonly parameters: Weights } {
  const rank = numberAt(config, 'r', 8, aRank, problems);
  const alpha = numberAt(config, 'lora_alpha', 8, anAlpha, problems);
  const rankAt = patternAt(config, 'rank_pattern', aRank, problems);
  const alphaAt = patternAt(config, 'alpha_pattern', anAlpha, problems);
  const names = parts.flatMap((part) => [PARTS[part], ...(part === 'magnitude' ? [OLD_MAGNITUDE] : [])]);
  const stored = storedModules(tensors, backbone, names, problems);
  addAll(problems, mischosen(config, backbone, stored));
  const parameters = new Map<string, HostTensor>();
  const adapted = stored.map((one): LowRankSite => {
    const { site, module } = one;
    // only after a problem neither says anything
    const right = rankAt(module) ?? rank ?? one.tensors.get(PARTS.A)?.shape[0] ?? 1;
    for (const [part, tensor] of readModule(one, parts, right, problems)) {
      parameters.set(`${site.name}.${part}`, tensor);
    }
    return { site, rank: right, alpha: alphaAt(module) ?? alpha ?? 1 };
  });
  return { adapted, parameters };
}

function read(
  kind: 'lora' | 'dora',
  folder: ForeignAdapter,
  backbone: BackboneShape,
): NativeAdapter<LowRankOptions> {
  const problems = [...unmapped(folder.config, READ), ...startProblems(folder.config)];
  const dropout = numberAt(folder.config, 'lora_dropout', 0, aRate, problems) ?? 0;
  const { adapted, parameters } = readAdapted(partsOf(kind), folder, backbone, problems);
  if (problems.length > 0) throw new UsageError(problems);
  const rank = commonest(adapted.map((one) => one.rank));
  const alpha = commonest(adapted.map((one) => one.alpha));
  const options = {
    sites: patternsFor(
      backbone,
      adapted.map(({ site }) => site),
    ),
    rank,
    alpha,
    rankPattern: exceptions(adapted, (one) => one.rank, rank, ofSite),
    alphaPattern: exceptions(adapted, (one) => one.alpha, alpha, ofSite),
    rankStabilized: folder.config.use_rslora === true,
    dropout,
  };
  return { options, parameters };
}

/** Every option that decides what PEFT computes; it fills in the others. */
function write(
  kind: 'lora' | 'dora',
  { options, parameters }: NativeAdapter<LowRankOptions>,
  backbone: BackboneShape,
): ForeignAdapter {
  const adapted = lowRankSites(backbone, options);
  const config = {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: null,
    inference_mode: true,
    r: options.rank,
    lora_alpha: options.alpha,
    lora_dropout: options.dropout,
    rank_pattern: exceptions(adapted, ({ rank }) => rank, options.rank, ofModule),
    alpha_pattern: exceptions(adapted, ({ alpha }) => alpha, options.alpha, ofModule),
    use_rslora: options.rankStabilized,
    use_dora: kind === 'dora',
    target_modules: adapted.map(ofModule),
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
  };
  const tensors: Weights = new Map(
    adapted.flatMap(({ site }) =>
      partsOf(kind).map((part): [string, HostTensor] => [
        tensorName(moduleOf(site), PARTS[part]),
        parameters.get(`${site.name}.${part}`) as HostTensor,
      ]),
    ),
  );
  return { config, tensors };
}

/**
 * LoRA and DoRA as PEFT 0.21 saves them. Which layers are adapted, the tensors say; a config that says otherwise is an
 * error. Ranks and alphas of single modules become `rankPattern` and `alphaPattern`.
 */
export const peftLowRank = (kind: 'lora' | 'dora'): AdapterFormat<LowRankOptions> => ({
  library: 'peft',
  accepts: ({ peft_type, use_dora }) => peft_type === 'LORA' && (use_dora === true) === (kind === 'dora'),
  read: (folder, backbone) => read(kind, folder, backbone),
  write: (adapter, backbone) => write(kind, adapter, backbone),
});
