import { describe, expect, it } from 'vitest';
import { adaptedClip, type Computed } from './adaptedClip.js';
import { bundle } from './bundle.js';
import { distance, expectSame, givenClip } from './given.js';
import { inBrowser } from './inBrowser.js';

/** `npm run test:browser` says which. */
const program = process.env.VLGRAFT_CHROMIUM;

describe.skipIf(!program)('a CLIP with an adapter in Chromium', () => {
  it('gives what PyTorch and Node give, on every backend', async () => {
    const given = givenClip();
    const inNode = await adaptedClip(given);
    const { code } = await bundle('page.ts');
    const { browser, outcomes } = await inBrowser(program as string, code, given);
    console.log(`${browser}, a bundle of ${code.length} bytes; Node computes with ${inNode.backend}`);
    for (const outcome of outcomes) {
      if ('error' in outcome) expect.fail(`${outcome.backend}: ${outcome.error}`);
      const parts = ['text', 'picture'] as const;
      const off = parts.map((name) => distance(outcome.values[name], inNode.values[name]).toExponential(1));
      console.log(`${outcome.backend}: texts differ by ${off[0]}, pictures by ${off[1]}`);
      expectSame(outcome satisfies Computed, inNode);
    }
    expect(outcomes.map(({ backend }) => backend)).toEqual(['cpu', 'wasm', 'webgl']);
  });
});
