import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { adaptedClip, type Computed } from './adaptedClip.js';
import { type Bundle, bundle } from './bundle.js';
import { distance, expectSame, givenClip } from './given.js';

/** What a worker of a browser has, of which tfjs asks for something; nothing of Node. */
const worker = () => {
  const globals = { setTimeout, clearTimeout, performance, TextEncoder, TextDecoder, console };
  const context = createContext({ ...globals, WorkerGlobalScope: class {} });
  runInContext('self = globalThis', context);
  return context;
};

describe('a CLIP with an adapter, bundled for browsers', () => {
  let made: Bundle;
  let inNode: Computed;
  beforeAll(async () => {
    made = await bundle('worker.ts');
    inNode = await adaptedClip(givenClip());
  });

  it('holds no module of Node, and of the engine nothing that drives libtensorflow', () => {
    const own = made.files.filter((file) => /^(src|adapters|tasks)\//.test(file));
    expect(own).toContain('src/engine/browser/start.ts');
    expect(own.filter((file) => /^src\/engine\/(native|node|install)\//.test(file))).toEqual([]);
    expect(made.files.filter((file) => file.startsWith('node:'))).toEqual([]);
    expect(made.code).not.toMatch(/["'`]node:/);
  });

  it('gives in a bare worker what PyTorch and this engine give', async () => {
    const context = worker();
    runInContext(made.code, context);
    // Arrays of another realm are none to it: they go in and out as text.
    const call = `vlgraft.adaptedClip(JSON.parse(given), 'cpu').then(JSON.stringify)`;
    const text = await runInContext(call, Object.assign(context, { given: JSON.stringify(givenClip()) }));
    const computed = JSON.parse(text as string) as Computed;
    expect(computed.backend).toBe('cpu');
    expectSame(computed, inNode);
  });

  it('with an adapter that changes what comes out', () => {
    const { plainText, plainPicture, text, picture } = inNode.values;
    expect(distance(text, plainText)).toBeGreaterThan(0.1);
    expect(distance(picture, plainPicture)).toBeGreaterThan(0.1);
  });
});
