import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { activation, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import {
  activationOf,
  additiveMask,
  embed,
  hiddenActivations,
  type LinearSite,
  linear,
  type Scope,
  type SiteCall,
  seenPositions,
  selfAttention,
  textEmbeddings,
} from '../../src/nn/index.js';
import {
  countParameters,
  layerNormParameters,
  linearParameters,
  lookUpIn,
  ones,
} from '../../src/nn/parameters.js';
import { expectClose } from '../parity/readParity.js';

beforeAll(async () => {
  await startEngine();
});

const scopeOf = (tensors: Record<string, Tensor>, hooks?: Scope['hooks']): Scope => ({
  parameters: lookUpIn(new Map(Object.entries(tensors)), 'test'),
  ...(hooks && { hooks }),
});

const siteOf = (name: string, inputWidth: number, outputWidth: number, bias = true): LinearSite => ({
  name,
  kind: 'linear',
  inputWidth,
  outputWidth,
  weight: `${name}.weight`,
  ...(bias && { bias: `${name}.bias` }),
});

describe('linear', () => {
  const tensors = {
    'a.weight': tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    'a.bias': tf.tensor1d([10, 20, 30]),
  };

  it('is x W transposed + b, as PyTorch lays weights out', () => {
    const y = linear(
      scopeOf(tensors),
      siteOf('a', 2, 3),
      tf.tensor3d([
        [
          [1, 0],
          [0, 1],
        ],
      ]),
    );
    expect(y.shape).toEqual([1, 2, 3]);
    expectClose(y.dataSync(), [11, 23, 35, 12, 24, 36], 1e-6);
  });

  it('may have no bias', () => {
    const y = linear(scopeOf(tensors), siteOf('a', 2, 3, false), tf.tensor2d([[1, 1]]));
    expectClose(y.dataSync(), [3, 7, 11], 1e-6);
  });

  it('shows the hook what it read and gave, and goes on with what the hook returns', () => {
    const calls: SiteCall[] = [];
    const site = siteOf('a', 2, 3);
    const x = tf.tensor2d([[1, 1]]);
    const hooks = {
      site: (call: SiteCall) => {
        calls.push(call);
        return tf.neg(call.output);
      },
    };
    const y = linear(scopeOf(tensors, hooks), site, x);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.site).toBe(site);
    expect(calls[0]?.input).toBe(x);
    expectClose(y.dataSync(), [-13, -27, -41], 1e-6);
  });
});

describe('attention masks', () => {
  it('add 0 where allowed and leave probability 0 elsewhere', () => {
    const scores = tf.add(tf.tensor2d([[50, 1, 2]]), additiveMask(tf.tensor2d([[0, 1, 1]])));
    const e = Math.E;
    expectClose(tf.softmax(scores).dataSync(), [0, 1 / (1 + e), e / (1 + e)], 1e-6);
  });

  it('of separate parts allow the real positions of the own part', () => {
    const allowed = seenPositions(tf.tensor2d([[1, 0, 1, 1]]), 'separate', 2);
    expect(allowed.shape).toEqual([1, 1, 4, 4]);
    expect(Array.from(allowed.dataSync())).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it('of a prefix are those of UNIMO, where the target begins elsewhere in each sequence', () => {
    const { lengths, starts, mask } = JSON.parse(
      readFileSync(new URL('fixtures/prefix_masks.json', import.meta.url), 'utf8'),
    ) as { lengths: number[]; starts: number[]; mask: number[][][] };
    const size = mask[0]!.length;
    const real = lengths.map((length) => Array.from({ length: size }, (_, at) => Number(at < length)));
    const seen = seenPositions(tf.tensor2d(real), 'prefix', tf.tensor1d(starts, 'int32'));
    const rows = tf.mul(seen, tf.reshape(tf.tensor2d(real), [-1, 1, size, 1])); // theirs says nothing of padded rows
    expect(Array.from(rows.dataSync())).toEqual(mask.flat(2));
  });

  it('of each kind are the same with one start for all as with each its own', () => {
    const real = tf.tensor2d([
      [1, 1, 1, 1, 0],
      [1, 1, 1, 1, 1],
    ]);
    for (const sight of ['separate', 'prefix', 'causal', 'joint'] as const) {
      const each = seenPositions(real, sight, tf.tensor1d([2, 2], 'int32'));
      expect(Array.from(seenPositions(real, sight, 2).dataSync())).toEqual(Array.from(each.dataSync()));
    }
  });
});

it('self-attention mixes values by scaled dot products, one head at a time', () => {
  const names = ['query', 'key', 'value', 'attentionOutput', 'intermediate', 'output'] as const;
  const sites = Object.fromEntries(names.map((name) => [name, siteOf(name, 2, 2, false)]));
  const identity = tf.eye(2);
  const tensors = Object.fromEntries(names.map((name) => [`${name}.weight`, identity as Tensor]));
  const block = { sites: sites as never, heads: 2 };
  const y = selfAttention(
    scopeOf(tensors),
    block,
    tf.tensor3d([
      [
        [1, 0],
        [2, 3],
      ],
    ]),
  );
  const mix = (x: readonly [number, number], q: number) => {
    const [a, b] = x.map((k) => Math.exp(q * k)) as [number, number];
    return (a * x[0] + b * x[1]) / (a + b);
  };
  expectClose(y.dataSync(), [mix([1, 2], 1), mix([0, 3], 0), mix([1, 2], 2), mix([0, 3], 3)], 1e-5);
});

describe('embeddings', () => {
  const tensors = {
    'e.word_embeddings.weight': tf.tensor2d([
      [1, 1],
      [2, 2],
      [3, 3],
    ]),
    'e.token_type_embeddings.weight': tf.tensor2d([
      [10, 0],
      [20, 0],
    ]),
    'e.position_embeddings.weight': tf.tensor2d([
      [0, 100],
      [0, 200],
    ]),
  };
  const ids = (row: number[]) => tf.tensor2d([row], undefined, 'int32');

  it('add word, segment 0 and positions 0, 1, ... where nothing else is given', () => {
    const sum = textEmbeddings(scopeOf(tensors), 'e', { inputIds: ids([2, 0]) });
    expectClose(sum.dataSync(), [13, 103, 11, 201], 1e-6);
  });

  it('take segments and positions', () => {
    const input = { inputIds: ids([2, 0]), tokenTypeIds: ids([0, 1]), positionIds: ids([1, 1]) };
    expectClose(textEmbeddings(scopeOf(tensors), 'e', input).dataSync(), [13, 203, 21, 201], 1e-6);
  });

  it('look rows up', () => {
    expectClose(embed(scopeOf(tensors), 'e.word_embeddings', ids([1])).dataSync(), [2, 2], 1e-6);
  });
});

describe('hidden_act', () => {
  const file = new URL('../backbones/fixtures/activations.json', import.meta.url);
  const { x, cases } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly x: readonly number[];
    readonly cases: Readonly<
      Record<string, { readonly y: readonly number[]; readonly slope: readonly number[] }>
    >;
  };

  it('has every name of transformers whose function has no parameters of its own', () => {
    expect([...hiddenActivations].sort()).toEqual(Object.keys(cases).sort());
  });

  it.each(hiddenActivations)('%s is the function of transformers, with its slope', (name) => {
    const at = tf.tensor1d([...x]);
    const compute = activation(activationOf(name));
    expectClose(compute(at).dataSync(), cases[name]!.y, 2e-6);
    const slope = tf.grad((one: Tensor) => tf.sum(compute(one as never)) as never)(at as never);
    expectClose(slope.dataSync(), cases[name]!.slope, 5e-6);
  });
});

describe('parameters', () => {
  it('are counted from their shapes', () => {
    expect(countParameters([...linearParameters('a', 3, 5, ones), ...layerNormParameters('n', 5)])).toBe(30);
  });

  it('that are missing are named, with their owner', () => {
    expect(() => lookUpIn(new Map(), 'backbone')('encoder.x')).toThrow(
      "the backbone has no parameter 'encoder.x'",
    );
  });
});
