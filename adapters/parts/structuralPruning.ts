import type { BackboneShape, LayerPlace, Site } from '../../src/backbones/backbone.js';
import type { BlockSites } from '../../src/nn/index.js';
import type { HostValues, Initializer } from '../../src/nn/parameters.js';
import type { SideBlock } from './sideBlock.js';

/** Ascending indices of what is kept of each width of a layer. */
interface Kept {
  readonly residual: readonly number[];
  readonly attention: readonly number[];
  readonly feedForward: readonly number[];
}

const siteNames: Readonly<Record<keyof BlockSites, string>> = {
  query: 'attention.query',
  key: 'attention.key',
  value: 'attention.value',
  attentionOutput: 'attention.output',
  intermediate: 'ffn.intermediate',
  output: 'ffn.output',
};

/** Which width the rows and the columns of each linear layer belong to. */
const axes: Readonly<Record<keyof BlockSites, readonly [rows: keyof Kept, columns: keyof Kept]>> = {
  query: ['attention', 'residual'],
  key: ['attention', 'residual'],
  value: ['attention', 'residual'],
  attentionOutput: ['residual', 'attention'],
  intermediate: ['feedForward', 'residual'],
  output: ['residual', 'feedForward'],
};

const rangeOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** L1 norm of each row of matrices side by side, over the given columns. */
function rowNorms(matrices: readonly HostValues[], columns?: readonly number[]): Float64Array {
  const rows = (matrices[0] as HostValues).shape[0] as number;
  const norms = new Float64Array(rows);
  for (const { shape, data } of matrices) {
    const width = shape[1] as number;
    const counted = columns ?? rangeOf(width);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (const column of counted) sum += Math.abs(data[row * width + column] as number);
      norms[row] = (norms[row] as number) + sum;
    }
  }
  return norms;
}

const ascending = (a: number, b: number): number => a - b;

/** Those `count` of the indices with the largest importance, ascending; the first of equal ones. */
const mostImportant = (importance: Float64Array, count: number, indices = rangeOf(importance.length)) =>
  [...indices]
    .sort((a, b) => (importance[b] as number) - (importance[a] as number) || a - b)
    .slice(0, count)
    .sort(ascending);

/**
 * Rows of query, key and value: as many of each of the most important heads, so that a head stays a head; over all rows
 * where the narrow layer has more or wider heads than the backbone.
 */
function attentionRows(importance: Float64Array, { width, heads }: SideBlock, from: LayerPlace): number[] {
  const [wide, narrow] = [from.width / from.heads, width / heads];
  if (heads > from.heads || narrow > wide) return mostImportant(importance, width);
  const rowsOf = (head: number) => rangeOf(wide).map((row) => head * wide + row);
  const perHead = Float64Array.from(rangeOf(from.heads), (head) =>
    rowsOf(head).reduce((sum, row) => sum + (importance[row] as number), 0),
  );
  return mostImportant(perHead, heads).flatMap((head) => mostImportant(importance, narrow, rowsOf(head)));
}

/** Rows, and for a matrix columns, of a parameter. */
function selected(
  { shape, data }: HostValues,
  rows: readonly number[],
  columns: readonly number[] = [0],
): Float32Array<ArrayBuffer> {
  const width = shape[1] ?? 1;
  const values = new Float32Array(rows.length * columns.length);
  let next = 0;
  for (const row of rows) {
    for (const column of columns) values[next++] = data[row * width + column] as number;
  }
  return values;
}

/** Computes once for sources of which the first is the same object: every parameter of a layer asks for one choice. */
function once<Result>(compute: (sources: readonly HostValues[]) => Result): typeof compute {
  const known = new WeakMap<HostValues, Result>();
  return (sources) => {
    const [key] = sources as [HostValues];
    const result = known.get(key) ?? compute(sources);
    known.set(key, result);
    return result;
  };
}

/** A choice, and the backbone parameters that it is made from. */
interface Choice<Result> {
  readonly from: readonly string[];
  of(sources: readonly HostValues[]): Result;
}

const siteOf = ({ sites }: BackboneShape, place: LayerPlace, name: keyof BlockSites): Site =>
  sites.find((site) => site.name === `${place.name}.${siteNames[name]}`) as Site;

const weightOf = (backbone: BackboneShape, place: LayerPlace, name: keyof BlockSites): string =>
  siteOf(backbone, place, name).weight as string;

/** The channels of the residual: those that attention and feed-forward outputs of all these layers write most into. */
function residualChoice(
  backbone: BackboneShape,
  places: readonly LayerPlace[],
  { width }: SideBlock,
): Choice<readonly number[]> {
  const writers = ['attentionOutput', 'output'] as const;
  return {
    from: places.flatMap((place) => writers.map((name) => weightOf(backbone, place, name))),
    of: once((sources) => mostImportant(rowNorms(sources), width)),
  };
}

function layerChoice(
  backbone: BackboneShape,
  place: LayerPlace,
  block: SideBlock,
  residualOf: Choice<readonly number[]>,
): Choice<Kept> {
  const read = (['query', 'key', 'value', 'intermediate'] as const).map((name) =>
    weightOf(backbone, place, name),
  );
  return {
    from: [...read, ...residualOf.from],
    of: once((sources) => {
      const residual = residualOf.of(sources.slice(read.length));
      return {
        residual,
        attention: attentionRows(rowNorms(sources.slice(0, 3), residual), block, place),
        feedForward: mostImportant(rowNorms(sources.slice(3, 4), residual), block.intermediateWidth),
      };
    }),
  };
}

/** The kept part of a backbone parameter. */
const taken = (
  choice: Choice<Kept>,
  parameter: string,
  rows: keyof Kept,
  columns?: keyof Kept,
): Initializer => ({
  kind: 'derived',
  from: [...choice.from, parameter],
  derive: (...sources) => {
    const kept = choice.of(sources.slice(0, -1));
    return selected(sources.at(-1) as HostValues, kept[rows], columns && kept[columns]);
  },
});

/** Takes the kept channels as they are. */
const selection = (residual: Choice<readonly number[]>, { width }: SideBlock): Initializer => ({
  kind: 'derived',
  from: residual.from,
  derive: (...sources) => {
    const channels = (sources[0] as HostValues).shape[0] as number;
    const projection = new Float32Array(width * channels);
    for (const [row, channel] of residual.of(sources).entries()) projection[row * channels + channel] = 1;
    return projection;
  },
});

/** Starts of the parameters of narrow copies of a stream's layers. */
export interface StructuralPruning {
  /** Of the projection from the backbone's width down to the copies': the channels that they keep. */
  readonly down: Initializer;
  /** Of a parameter of a layer's copy, by its name in `sideBlockParameters`; undefined where the layer has none. */
  start(place: LayerPlace, module: string, kind: 'weight' | 'bias'): Initializer | undefined;
}

/**
 * Narrow copies of layers, made of the rows of the backbone's matrices with the largest L1 norms (Li et al. 2017, arXiv
 * 1608.08710; LST, section 3.3). The channels of the residual are chosen once for all these layers, so that residual and
 * output, the LayerNorms and the next layer speak of the same channels. Inside a layer the norms count kept columns only.
 */
export function structuralPruning(
  backbone: BackboneShape,
  places: readonly LayerPlace[],
  block: SideBlock,
): StructuralPruning {
  const residual = residualChoice(backbone, places, block);
  const choices = new Map(places.map((place) => [place, layerChoice(backbone, place, block, residual)]));
  return {
    down: selection(residual, block),
    start: (place, module, kind) => {
      const choice = choices.get(place) as Choice<Kept>;
      if (module === 'attentionNorm' || module === 'outputNorm') {
        return taken(choice, `${place.design[module]}.${kind}`, 'residual');
      }
      const name = module as keyof BlockSites;
      const parameter = siteOf(backbone, place, name)[kind];
      const [rows, columns] = axes[name];
      return parameter === undefined
        ? undefined
        : taken(choice, parameter, rows, kind === 'weight' ? columns : undefined);
    },
  };
}
