import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { engineWheel } from '../../../src/engine/install/engineWheel.js';
import { planFrom, planInstall } from '../../../src/engine/install/plan.js';
import { requirementLine } from '../../../src/engine/install/pythonTool.js';
import {
  nvidiaRequirements,
  type PipReport,
  wheelsOfLock,
  wheelsOfReport,
} from '../../../src/engine/install/resolution.js';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const report = JSON.parse(fixture('pip-report.json')) as PipReport;
const machine = { platform: 'linux', architecture: 'x64', glibc: '2.36' };

describe("what is read from pip's report", () => {
  it('is each wheel with its version, file name and hash', () => {
    expect(wheelsOfReport(report)).toEqual([
      {
        name: 'tensorflow',
        version: '2.21.0',
        file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
        sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      },
    ]);
  });

  it('takes the old form of the hash too, and does without', () => {
    const [install] = report.install;
    const withHash = (archive_info: object): PipReport => ({
      install: [{ ...install!, download_info: { url: 'https://index.example/a%2Bb.whl', archive_info } }],
    });
    expect(wheelsOfReport(withHash({ hash: `sha256=${'ab'.repeat(32)}` }))[0]).toMatchObject({
      file: 'a+b.whl',
      sha256: 'ab'.repeat(32),
    });
    expect(wheelsOfReport(withHash({}))[0]).not.toHaveProperty('sha256');
  });

  it("is the NVIDIA wheels of the extra and none of TensorFlow's Python dependencies", () => {
    expect(nvidiaRequirements(report, 'and-cuda')).toEqual([
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    ]);
    expect(nvidiaRequirements(report, 'gcs-filesystem')).toEqual([]);
  });
});

it("reads uv's lock file: each wheel with its size and hash", () => {
  expect(wheelsOfLock(fixture('pylock.toml'))).toEqual([
    {
      name: 'nvidia-cudnn-cu12',
      version: '9.28.0.42',
      file: 'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
      sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
      bytes: 716538495,
    },
    {
      name: 'tensorflow',
      version: '2.21.0',
      file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      bytes: 572440367,
    },
  ]);
});

describe('the plan for cuda', () => {
  const wheel = engineWheel('cuda', machine);
  if (!wheel.supported) throw new Error(wheel.reason);
  const environment = { VLGRAFT_CACHE: '/cache' };

  it('is pinned wheels with their hashes, sizes and a folder of their own', () => {
    const uv = { kind: 'uv', command: ['uv'], version: '0.9.0' } as const;
    const plan = planFrom('cuda', wheel, uv, wheelsOfLock(fixture('pylock.toml')), environment);
    expect(plan).toMatchObject({
      folder: '/cache/libtensorflow/2.21.0-cuda',
      downloadBytes: 716538495 + 572440367,
    });
    expect(plan.command.slice(0, 3)).toEqual(['uv', 'pip', 'install']);
    expect(plan.wheels.map(requirementLine)).toEqual([
      'nvidia-cudnn-cu12==9.28.0.42 --hash=sha256:9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
      'tensorflow==2.21.0 --hash=sha256:9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    ]);
  });

  it('takes the measured size of the download where pip does not tell it', () => {
    const pip = { kind: 'pip', command: ['pip'], version: '24.0' } as const;
    const plan = planFrom('cuda', wheel, pip, wheelsOfReport(report), environment);
    expect(plan.downloadBytes).toBe(wheel.downloadBytes);
    expect(plan.command.slice(0, 2)).toEqual(['pip', 'download']);
    expect(plan.command).toContain('--platform=manylinux_2_27_x86_64');
  });

  it('asks only for wheels that this glibc can load', () => {
    const old = engineWheel('cpu', { ...machine, glibc: '2.27' });
    expect(old).toMatchObject({ pipPlatforms: expect.arrayContaining(['manylinux_2_27_x86_64']) });
    expect(old).not.toMatchObject({ pipPlatforms: expect.arrayContaining(['manylinux_2_28_x86_64']) });
  });
});

it('plans nothing where there is no tool, and says so', async () => {
  const environment = { PATH: '/nowhere' };
  expect(await planInstall({ device: 'cpu', machine, environment })).toEqual({
    possible: false,
    reason: 'neither pip nor uv was found on the PATH',
  });
});
