import { describe, expect, it } from 'vitest';
import type { AdapterChoice } from '../../src/comparison/adapterVariants.js';
import { adapterVariants } from '../shipped.js';

/** What each variant puts where the recipe has its adapters, by its name. */
const read = (...choices: AdapterChoice[]) =>
  Object.fromEntries(adapterVariants(choices).variants.map(({ name, changes }) => [name, changes[0]?.value]));

describe('adapters as they are written on the command line', () => {
  it('are kinds by commas, and none for the head alone', () => {
    expect(read('none,bottleneck, shortcut')).toEqual({
      none: [],
      bottleneck: [{ kind: 'bottleneck' }],
      shortcut: [{ kind: 'shortcut' }],
    });
  });

  it('take options, which end where the next kind begins', () => {
    expect(read('bottleneck:reductionFactor=4,trainLayerNorm=true,shortcut:depth=1')).toEqual({
      'bottleneck:reductionFactor=4,trainLayerNorm=true': [
        { kind: 'bottleneck', reductionFactor: 4, trainLayerNorm: true },
      ],
      'shortcut:depth=1': [{ kind: 'shortcut', depth: 1 }],
    });
  });

  it('read an option as its schema has it: text, a list, a list of one item, a number', () => {
    const [options] = Object.values(
      read('bottleneck:name=7,activation=relu,sites=ffn,layers=[0,1],width=auto,dropout=1e-1'),
    );
    expect(options).toEqual([
      {
        kind: 'bottleneck',
        name: '7',
        activation: 'relu',
        sites: ['ffn'],
        layers: [0, 1],
        width: 'auto',
        dropout: 0.1,
      },
    ]);
  });

  it('may be JSON, and several together', () => {
    const name = 'bottleneck:sites=ffn+shortcut:reads=["hidden.0","hidden.1"]';
    const entries = [
      { kind: 'bottleneck', sites: ['ffn'] },
      { kind: 'shortcut', reads: ['hidden.0', 'hidden.1'] },
    ];
    expect(read('{"kind":"bottleneck","sites":["ffn"]}+shortcut:reads=["hidden.0","hidden.1"]')).toEqual({
      [name]: entries,
    });
    expect(read(name)).toEqual({ [name]: entries });
    expect(read(entries)).toEqual({ [name]: entries });
  });

  it('keep a plus that belongs to a number', () => {
    expect(read('bottleneck:reductionFactor=1e+1+full')).toEqual({
      'bottleneck:reductionFactor=10+full': [{ kind: 'bottleneck', reductionFactor: 10 }, { kind: 'full' }],
    });
  });

  it('are told where they can not be read, all at once', () => {
    const { variants, problems } = adapterVariants(['full,', 'bottleneck:,{"kind":1},4']);
    expect(variants.map(({ name }) => name)).toEqual(['full']);
    expect(problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
      '--adapters : it is empty',
      '--adapters bottleneck:: "" is not option=value',
      '--adapters {"kind":1}: {"kind":1} has no "kind"',
      '--adapters 4: "4" is not an adapter',
    ]);
  });
});
