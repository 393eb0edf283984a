import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/base/progress.js';
import { installEngine } from '../../../src/engine/install/install.js';
import { checkEngine } from '../../../src/engine/install/integrity.js';
import { type LocatedEngine, locateEngine } from '../../../src/engine/install/locate.js';
import { fakePip } from './fakePip.js';
import { libraryFiles, makeWheel, type WheelFile } from './makeWheel.js';

const machine = { platform: 'linux', architecture: 'x64', glibc: '2.36' };
const device = 'cpu';
const wheel = makeWheel();

function spoilt(recorded: WheelFile['recorded'] & object): Buffer {
  const [framework, tensorflow] = libraryFiles as [WheelFile, WheelFile];
  return makeWheel([framework, { ...tensorflow, recorded }]);
}

describe('installEngine', () => {
  it('puts the libraries of the wheel into the cache, where locateEngine finds them', async () => {
    const pip = fakePip({ wheel });
    const { environment } = pip;
    const seen: Progress[] = [];
    const installed = await installEngine({ device, machine, environment, onProgress: (p) => seen.push(p) });
    expect(installed).toMatchObject({
      found: true,
      source: 'cache',
      device,
      version: '2.21.0',
      already: false,
    });
    expect(locateEngine(environment)).toMatchObject({ found: true, libraries: installed.libraries });
    expect(readFileSync(installed.libraries.tensorflow).equals(libraryFiles[1]!.content)).toBe(true);
    expect(readFileSync(installed.libraries.framework).equals(libraryFiles[0]!.content)).toBe(true);
    expect(seen.at(-1)).toEqual({ stage: 'engine unpack', done: 3, total: 3, unit: 'MB' });
    // Nothing else stays: no wheel, no lock, no temporary file.
    expect(readdirSync(join(pip.cache, 'libtensorflow'))).toEqual(['2.21.0-cpu']);
    expect(readdirSync(join(pip.cache, 'libtensorflow/2.21.0-cpu/tensorflow'))).toHaveLength(2);
  });

  it("leaves the package index to pip's own settings and asks for wheels only", async () => {
    const pip = fakePip({ wheel });
    await installEngine({ device, machine, environment: pip.environment });
    const fetching = pip.calls().filter(([, , verb]) => verb === 'install' || verb === 'download');
    expect(fetching).toHaveLength(2);
    for (const call of fetching) {
      expect(call.join(' ')).not.toMatch(/index-url|find-links|trusted-host/);
      expect(call).toContain('--only-binary=:all:');
      expect(call).toContain('--no-deps');
    }
  });

  it('does nothing the second time, and everything again when forced', async () => {
    const pip = fakePip({ wheel });
    const { environment } = pip;
    await installEngine({ device, machine, environment });
    const calls = pip.calls().length;
    expect((await installEngine({ device, machine, environment })).already).toBe(true);
    expect(pip.calls()).toHaveLength(calls);
    expect((await installEngine({ device, machine, environment, force: true })).already).toBe(false);
    expect(readdirSync(join(pip.cache, 'libtensorflow'))).toEqual(['2.21.0-cpu']);
  });

  it('installs again over a library that was cut short', async () => {
    const { environment } = fakePip({ wheel });
    const { libraries } = await installEngine({ device, machine, environment });
    truncateSync(libraries.tensorflow, 1000);
    expect(() => checkEngine(locateEngine(environment) as LocatedEngine)).toThrow(
      '1000 bytes, and not 2500000',
    );
    expect((await installEngine({ device, machine, environment })).already).toBe(false);
    expect(readFileSync(libraries.tensorflow)).toHaveLength(2_500_000);
  });

  it('does the work once when two start at the same time', async () => {
    const pip = fakePip({ wheel, seconds: 0.3 });
    const options = { device, machine, environment: pip.environment } as const;
    const both = await Promise.all([installEngine(options), installEngine(options)]);
    expect(both.map(({ already }) => already).sort()).toEqual([false, true]);
    expect(pip.calls().filter((call) => call.includes('download'))).toHaveLength(1);
  });

  it('takes over from an installation that was killed, whatever it left', async () => {
    const pip = fakePip({ wheel });
    const { environment } = pip;
    await installEngine({ device, machine, environment });
    const root = join(pip.cache, 'libtensorflow');
    // As after SIGKILL while unpacking: a lock of a process that is gone, a half unpacked folder.
    rmSync(join(root, '2.21.0-cpu'), { recursive: true });
    mkdirSync(join(root, '.partial-cpu/unpacked/tensorflow'), { recursive: true });
    writeFileSync(join(root, '.partial-cpu/unpacked/tensorflow/libtensorflow_cc.so.2'), 'half');
    writeFileSync(join(root, 'cpu.lock'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    expect(locateEngine(environment)).not.toMatchObject({ source: 'cache' });
    expect((await installEngine({ device, machine, environment })).version).toBe('2.21.0');
    expect(readdirSync(root)).toEqual(['2.21.0-cpu']);
  });

  it('stops on abort, leaves nothing that locateEngine finds, and finishes when called again', async () => {
    const pip = fakePip({ wheel, seconds: 30 });
    const { environment } = pip;
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const start = performance.now();
    const interrupted = installEngine({ device, machine, environment, signal: stop.signal, onProgress });
    await expect(interrupted).rejects.toMatchObject({ name: 'InterruptedError', exitCode: 130 });
    expect(performance.now() - start).toBeLessThan(25_000);
    expect(locateEngine(environment)).not.toMatchObject({ source: 'cache' });
    expect((await installEngine({ device, machine, environment })).already).toBe(false);
  });

  it.each([
    [
      'a wheel with another hash than the index states',
      { wheel, sha256: '0'.repeat(64) },
      /hash its index states/,
    ],
    [
      'a library with another hash than RECORD states',
      { wheel: spoilt({ sha256: 'AA' }) },
      /hash its RECORD/,
    ],
    ['a library longer than RECORD states', { wheel: spoilt({ bytes: 9 }) }, /longer than its RECORD/],
    ['a library shorter than RECORD states', { wheel: spoilt({ bytes: 9e6 }) }, /hash its RECORD/],
    ['a wheel without the libraries', { wheel: makeWheel([]) }, /does not hold the two libraries/],
    ['something that is no wheel', { wheel: Buffer.from('<html>') }, /./],
  ])('refuses %s and keeps nothing of it', async (_what, options, reason) => {
    const pip = fakePip(options);
    const refused = installEngine({ device, machine, environment: pip.environment });
    await expect(refused).rejects.toMatchObject({
      name: 'EngineInstallError',
      message: expect.stringMatching(reason),
    });
    expect(readdirSync(join(pip.cache, 'libtensorflow'))).toEqual([]);
  });

  it('never writes outside its folder', async () => {
    const path = 'nvidia/x/lib/../../../../../outside.so';
    const pip = fakePip({ wheel: makeWheel([...libraryFiles, { path, content: Buffer.from('x') }]) });
    await expect(installEngine({ device, machine, environment: pip.environment })).rejects.toThrow();
    expect(existsSync(join(pip.cache, 'outside.so'))).toBe(false);
  });

  it.each([
    ['ERROR: Could not find a version that satisfies the requirement', /finds no TensorFlow wheel/],
    ['WARNING: Retrying after connection broken by NewConnectionError', /can't reach the package index/],
    ['ERROR: something else entirely', /pip 24\.0 failed: ERROR: something else entirely/],
  ])('says in one line why pip failed: %s', async (refuses, reason) => {
    const { environment } = fakePip({ wheel, refuses });
    const failed = installEngine({ device, machine, environment });
    await expect(failed).rejects.toMatchObject({
      name: 'EngineInstallError',
      message: expect.stringMatching(reason),
    });
    await expect(failed).rejects.toThrow(/^[^\n]*wasm backend[^\n]*$/);
  });

  it('does without a report where pip is too old for one', async () => {
    const pip = fakePip({ wheel, refuses: 'no such option: --dry-run' });
    expect((await installEngine({ device, machine, environment: pip.environment })).version).toBe('2.21.0');
  });

  it('says in one line that there is neither pip nor uv', async () => {
    const environment = { ...fakePip({ wheel }).environment, PATH: '/nowhere' };
    await expect(installEngine({ device, machine, environment })).rejects.toThrow(
      /^[^\n]*neither pip nor uv[^\n]*$/,
    );
  });

  it.each([
    [{ platform: 'win32', architecture: 'x64' }, 'cpu', /no cpu wheel for win32 x64/],
    [{ platform: 'darwin', architecture: 'x64' }, 'cpu', /no cpu wheel for darwin x64/],
    [{ platform: 'darwin', architecture: 'arm64' }, 'cuda', /no cuda wheel for darwin arm64/],
    [{ platform: 'linux', architecture: 'x64' }, 'cpu', /glibc only/],
    [{ platform: 'linux', architecture: 'x64', glibc: '2.17' }, 'cpu', /glibc 2\.27 or newer, here is 2\.17/],
  ] as const)('says in one line that there is no wheel for %o', async (other, wanted, reason) => {
    const { environment } = fakePip({ wheel });
    const failed = installEngine({ device: wanted, machine: other, environment });
    await expect(failed).rejects.toMatchObject({
      name: 'EngineInstallError',
      message: expect.stringMatching(reason),
    });
  });
});
