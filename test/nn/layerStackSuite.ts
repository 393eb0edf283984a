import { describe, expect, test } from 'vitest';
import { initialize } from '../../src/backbones/initialize.js';
import { bertBlock } from '../../src/backbones/parts/bert.js';
import { createRandom } from '../../src/base/random.js';
import { fromHost, type Tensor, tf } from '../../src/engine/index.js';
import {
  additiveMask,
  blockParameters,
  type LayerStack,
  preNormBlock,
  runLayers,
  type Scope,
  seenPositions,
  transformerBlock,
} from '../../src/nn/index.js';
import { lookUpIn, normal } from '../../src/nn/parameters.js';
import type { Prompt } from '../../src/nn/sites.js';
import { expectClose } from '../parity/readParity.js';

const [BATCH, TEXT, PICTURE, WIDTH, LAYERS] = [2, 3, 2, 8, 3];
const LENGTH = TEXT + PICTURE;

const sizes = {
  vocab_size: 5,
  hidden_size: WIDTH,
  num_attention_heads: 2,
  intermediate_size: 12,
  hidden_act: 'gelu',
  max_position_embeddings: 9,
  type_vocab_size: 2,
  layer_norm_eps: 1e-5,
  initializer_range: 0.02,
} as const;
const blocks = Array.from({ length: LAYERS }, (_, n) => bertBlock(sizes, n));

const drawn = (name: string, shape: number[]): Tensor => {
  const random = createRandom(name);
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, random.normal), shape);
};

/** Every parameter random, so that a layer left out or run twice shows. */
function parametersOf(): Scope['parameters'] {
  const specs = blocks.flatMap((block) => blockParameters(block, WIDTH, normal(0.4)));
  const made = [...initialize(specs, 1)].map(([name, host]): [string, Tensor] => {
    const start = fromHost(host);
    return [name, name.endsWith('bias') ? drawn(name, start.shape) : start];
  });
  return lookUpIn(new Map(made), 'stack');
}

/** Which positions are real: the second text is one token shorter, and the second picture one region. */
const REAL = [
  [1, 1, 1, 1, 1],
  [1, 1, 0, 1, 0],
];

type Kind = 'all' | 'bidirectional' | 'causal' | 'separate' | 'prefix';

function stackOf(kind: Kind): LayerStack {
  const mask = tf.tensor2d(REAL);
  const taps = Array.from({ length: LAYERS + 1 }, (_, layer) => ({
    name: `hidden.${layer}`,
    layer,
    width: WIDTH,
  }));
  const run = kind === 'causal' ? preNormBlock : transformerBlock;
  const base = { blocks, taps, run };
  if (kind === 'all') return base;
  if (kind === 'bidirectional') return { ...base, mask: additiveMask(seenPositions(mask, 'joint')) };
  if (kind === 'causal') {
    return { ...base, mask: additiveMask(seenPositions(mask, 'causal')), parts: { sight: 'causal' } };
  }
  const parts = { sight: kind, first: { part: 'text', length: TEXT } } as const;
  return { ...base, mask: additiveMask(seenPositions(mask, kind, TEXT)), parts };
}

/** Layer -> prompts that join before it. */
type Joining = Readonly<Record<number, readonly Prompt[]>>;

function withPrompts(
  joining: Joining,
  shown: Tensor[] = [],
): Pick<Scope, 'hooks'> & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    hooks: {
      prompts: ({ place, batch }) => {
        asked.push(`${place.name} ${batch}`);
        return joining[place.layer] ?? [];
      },
      tap: (_, hidden) => void shown.push(hidden()),
    },
  };
}

interface Position {
  readonly part: 'text' | 'picture';
  /** Its place in the own sequence; absent for a prompt. */
  readonly own?: number;
}

const ownPositions: readonly Position[] = Array.from({ length: LENGTH }, (_, own) => ({
  part: own < TEXT ? 'text' : 'picture',
  own,
}));

/** Whether row i may see column j of a sequence, said of each pair. */
function allowed(kind: Kind, positions: readonly Position[], batch: number, i: number, j: number): boolean {
  const [from, to] = [positions[i]!, positions[j]!];
  const real = kind === 'all' || to.own === undefined || REAL[batch]![to.own] === 1;
  if (kind === 'causal') return real && j <= i;
  if (kind === 'prefix') return real && (to.part === 'text' || (from.part === 'picture' && j <= i));
  return real && (kind !== 'separate' || from.part === to.part);
}

function maskByHand(kind: Kind, positions: readonly Position[]): Tensor {
  const n = positions.length;
  const pairs = Array.from({ length: BATCH }, (_, batch) =>
    positions.map((_, i) => positions.map((_, j) => Number(allowed(kind, positions, batch, i, j)))),
  );
  return additiveMask(tf.reshape(tf.tensor3d(pairs), [BATCH, 1, n, n]));
}

const rows = (x: Tensor, start: number, count: number): Tensor =>
  tf.slice(x, [0, start, 0], [BATCH, count, x.shape[2]!]);

/** The same layers on sequences that really begin with the prompts; states before the first layer and after each. */
function byHand(kind: Kind, scope: Scope, x: Tensor, joining: Joining): Tensor[] {
  let own = x;
  let prompts: { owner: string; part: 'text' | 'picture'; states: Tensor }[] = [];
  const states = [own];
  for (const [layer, block] of blocks.entries()) {
    for (const { owner, part, states } of joining[layer] ?? []) {
      const each =
        states.rank === 3 ? states : tf.stack(Array.from({ length: BATCH }, () => states as Tensor));
      const next = { owner, part, states: each };
      const known = prompts.some((prompt) => prompt.owner === owner);
      prompts = known
        ? prompts.map((prompt) => (prompt.owner === owner ? next : prompt))
        : [...prompts, next];
    }
    const before = prompts.flatMap(({ part, states }) =>
      Array.from({ length: states.shape[1]! }, (): Position => ({ part })),
    );
    const sequence = tf.concat([...prompts.map((prompt) => prompt.states), own], 1);
    const run = kind === 'causal' ? preNormBlock : transformerBlock;
    const after = run(scope, block, sequence, maskByHand(kind, [...before, ...ownPositions]));
    let start = 0;
    prompts = prompts.map((prompt) => {
      const count = prompt.states.shape[1]!;
      start += count;
      return { ...prompt, states: rows(after, start - count, count) };
    });
    own = rows(after, start, LENGTH);
    states.push(own);
  }
  return states;
}

const prompt = (
  owner: string,
  count: number,
  part: Prompt['part'] = 'text',
  layer: number | string = '',
): Prompt => ({ owner, part, states: drawn(`${owner} ${layer}`, [count, WIDTH]) });

const deep = (owner: string, count: number, part?: Prompt['part']): Joining =>
  Object.fromEntries(
    Array.from({ length: LAYERS }, (_, layer) => [layer, [prompt(owner, count, part, layer)]]),
  );

const both = (a: Joining, b: Joining): Joining =>
  Object.fromEntries(
    Array.from({ length: LAYERS }, (_, layer) => [layer, [...(a[layer] ?? []), ...(b[layer] ?? [])]]),
  );

const cases: readonly (readonly [string, () => Joining])[] = [
  ['one, of the text', () => ({ 0: [prompt('a', 2)] })],
  ['one, of the picture', () => ({ 0: [prompt('a', 2, 'picture')] })],
  ['one that joins later', () => ({ 1: [prompt('a', 3)] })],
  ['new ones at each layer', () => deep('a', 2)],
  ['another number of new ones', () => ({ 0: [prompt('a', 3)], 2: [prompt('a', 1, 'text', 2)] })],
  ['two owners', () => ({ 0: [prompt('a', 2), prompt('b', 1, 'picture')] })],
  ['a first owner with new ones, a second without', () => both(deep('a', 2), { 0: [prompt('b', 1)] })],
  ['a first owner without, a second with new ones', () => both({ 0: [prompt('a', 1)] }, deep('b', 2))],
  [
    'two owners with new ones for both parts, one from the second layer on',
    () => both(deep('a', 1, 'picture'), { 1: [prompt('b', 2)], 2: [prompt('b', 2, 'text', 2)] }),
  ],
  [
    'others for each of the batch',
    () => ({ 0: [{ owner: 'a', part: 'text', states: drawn('a', [BATCH, 2, WIDTH]) }] }),
  ],
];

const largestOf = (x: Tensor): number => Math.max(...Array.from(x.dataSync(), Math.abs));

const x = () => drawn('x', [BATCH, LENGTH, WIDTH]);

/** The state before the first layer and after each. */
function statesOf(scope: Scope, stack: LayerStack): Tensor[] {
  const state = runLayers(scope, { batch: BATCH, length: LENGTH, compute: x }, stack);
  return Array.from({ length: LAYERS + 1 }, (_, layer) => state(layer));
}

/** Prompts through the layers; the engine must have been started. */
export function describeLayerStack(): void {
  for (const kind of ['all', 'bidirectional', 'causal', 'separate', 'prefix'] as const) {
    describe(`prompts, attention ${kind}`, () => {
      test.each(cases)('%s: as if the sequence began with them', (_, joining) => {
        tf.tidy(() => {
          const [parameters, prompts, shown] = [parametersOf(), joining(), [] as Tensor[]];
          const { hooks } = withPrompts(prompts, shown);
          const states = statesOf({ parameters, hooks: hooks! }, stackOf(kind));
          const expected = byHand(kind, { parameters }, x(), prompts);
          expect(states.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
          for (const [layer, state] of states.entries()) {
            expectClose(state.dataSync(), expected[layer]!.dataSync(), 1e-5);
          }
          expect(shown).toEqual(states);
        });
      });

      test('change what comes out, and have the gradients of a real prefix', () => {
        tf.tidy(() => {
          const parameters = parametersOf();
          const weight = drawn('weight', [BATCH, LENGTH, WIDTH]);
          const joining = (a: Tensor, b: Tensor): Joining => ({
            0: [{ owner: 'a', part: 'text', states: a }],
            1: [{ owner: 'b', part: 'picture', states: b }],
          });
          const stacked = (a: Tensor, b: Tensor) => {
            const { hooks } = withPrompts(joining(a, b));
            const states = statesOf({ parameters, hooks: hooks! }, stackOf(kind));
            return tf.sum(tf.mul(states.at(-1)!, weight)).asScalar();
          };
          const expected = (a: Tensor, b: Tensor) =>
            tf.sum(tf.mul(byHand(kind, { parameters }, x(), joining(a, b)).at(-1)!, weight)).asScalar();
          const at = [drawn('a', [2, WIDTH]), drawn('b', [3, WIDTH])] as const;
          const [own, real] = [tf.grads(stacked)([...at]), tf.grads(expected)([...at])];
          for (const [i, gradient] of own.entries()) {
            expect(largestOf(gradient)).toBeGreaterThan(1e-3);
            expectClose(gradient.dataSync(), real[i]!.dataSync(), 1e-4);
          }
        });
      });
    });
  }

  test('no prompts: the layers one after the other', () => {
    tf.tidy(() => {
      const parameters = parametersOf();
      const { hooks, asked } = withPrompts({});
      const states = statesOf({ parameters, hooks: hooks! }, stackOf('separate'));
      const expected = byHand('separate', { parameters }, x(), {});
      for (const [i, state] of states.entries()) expectClose(state.dataSync(), expected[i]!.dataSync(), 1e-5);
      expect(asked).toEqual(blocks.map(({ place }) => `${place.name} ${BATCH}`));
    });
  });

  test('where text and picture keep apart, no part sees the prompts of the other', () => {
    tf.tidy(() => {
      const parameters = parametersOf();
      const last = (joining: Joining) => {
        const { hooks } = withPrompts(joining);
        return statesOf({ parameters, hooks: hooks! }, stackOf('separate')).at(-1)!;
      };
      const [plain, ofText] = [last({}), last(deep('a', 2, 'text'))];
      expectClose(rows(ofText, TEXT, PICTURE).dataSync(), rows(plain, TEXT, PICTURE).dataSync(), 1e-6);
      expect(largestOf(tf.sub(rows(ofText, 0, TEXT), rows(plain, 0, TEXT)))).toBeGreaterThan(1e-2);
    });
  });
}
