import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../../src/base/errors.js';
import type { Progress } from '../../src/base/progress.js';
import { runFolder } from '../../src/checkpoints/runFiles.js';
import { readTimings } from '../../src/recording/timings.js';
import { findResumePoint } from '../../src/run/resumePoint.js';
import { checkpointName, checkpointSteps } from '../../src/training/checkpoint.js';
import type { RunSettings } from '../../src/training/settings.js';
import { scratch, writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { resolveRecipe, runRecipe } from '../shipped.js';

const COMPARED = [
  'metrics.jsonl',
  'predictions_validation.json',
  'report/outcomes_validation.json',
  'adapter/adapter_model.safetensors',
  'adapter/head.safetensors',
];
const bytes = (folder: string) => COMPARED.map((name) => readFileSync(join(folder, name)));

/** Files and settings of a small run on pictures. */
async function makeSettings(): Promise<RunSettings> {
  const folder = scratch();
  writeTinyBackbone(join(folder, 'model'));
  const train = await writeColourSplit(folder, 'train', 12);
  const validation = await writeColourSplit(folder, 'validation', 8);
  return resolveRecipe({
    name: 'colours',
    backbone: { from: join(folder, 'model') },
    adapters: [{ kind: 'bottleneck' }],
    task: { kind: 'vqa' },
    data: { train, validation, regions: { kind: 'crop-pixels', size: 4 }, maxTextLength: 16 },
    training: {
      maxSteps: 6,
      batchSize: 4,
      optimizer: { kind: 'sgd', learningRate: 0.01 },
      evaluateEvery: 2,
      checkpointEvery: 1,
    },
    output: join(folder, 'run'),
  });
}

let settings: RunSettings;
let whole: ReturnType<typeof bytes>;
/** A copy of the run as it was after five of its six steps. */
let half: string;

beforeAll(async () => {
  settings = await makeSettings();
  await runRecipe({ ...settings, output: `${settings.output}-whole` });
  whole = bytes(`${settings.output}-whole`);
  const abort = new AbortController();
  const onProgress = ({ stage, done }: Progress) => stage === 'train' && done === 5 && abort.abort();
  await expect(runRecipe(settings, { onProgress, signal: abort.signal })).rejects.toThrow(InterruptedError);
  half = `${settings.output}-half`;
  cpSync(settings.output, half, { recursive: true, preserveTimestamps: true });
});

/** Resumes the half run after something happened to it; what was logged. */
async function resume(change: (folder: string) => void): Promise<string[]> {
  rmSync(settings.output, { recursive: true, force: true });
  cpSync(half, settings.output, { recursive: true });
  change(settings.output);
  const lines: string[] = [];
  await runRecipe(settings, { resume: true, onLog: (line) => lines.push(line) });
  return lines;
}

const refused = async (change: (folder: string) => void): Promise<string> => {
  const error: unknown = await resume(change).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
};

const inCheckpoint = (folder: string, step: number, name: string) =>
  join(folder, 'checkpoints', checkpointName(step), name);

function flip(path: string, place = -1): void {
  const content = readFileSync(path);
  const at = place < 0 ? content.length + place : place;
  content[at] = content[at]! ^ 1;
  writeFileSync(path, content);
}

function edit(path: string, change: (value: Record<string, unknown>) => void): void {
  const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(value);
  writeFileSync(path, JSON.stringify(value));
}

/** Everything in a folder with its bytes. */
const contents = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return existsSync(path) && !name.includes('.lock') && readable(path) !== undefined
        ? [[name, readable(path) as string] as [string, string]]
        : [];
    });

function readable(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

describe('a checkpoint of a resumed run', () => {
  it('is the last one, and gives the same bytes', async () => {
    const lines = await resume(() => {});
    expect(lines.filter((line) => /damaged|lack|not there/.test(line))).toEqual([]);
    expect(bytes(settings.output)).toEqual(whole);
  });

  it.each(['parameters.safetensors', 'optimizer.safetensors', 'state.json', 'metrics.jsonl'])(
    'is the one before where a bit of %s was flipped, which is set aside and told',
    async (name) => {
      const lines = await resume((folder) => flip(inCheckpoint(folder, 5, name), -3));
      const told = `checkpoint step-000005 is damaged (${name} it is damaged: its bytes are not those that were written)`;
      expect(lines).toContain(`${told}: set aside as step-000005.damaged`);
      expect(lines).toContain('the run goes on from the checkpoint of step 4');
      expect(existsSync(join(settings.output, 'checkpoints/step-000005.damaged', name))).toBe(true);
      expect(bytes(settings.output)).toEqual(whole);
    },
  );

  it('is none where all are damaged: that is told, and nothing is touched', async () => {
    const steps = checkpointSteps(join(half, 'checkpoints'));
    const before = contents(half).map(([name]) => name);
    const message = await refused((folder) => {
      for (const step of steps) flip(inCheckpoint(folder, step, 'parameters.safetensors'));
    });
    for (const step of steps)
      expect(message).toContain(`${checkpointName(step)}/parameters.safetensors: it is`);
    expect(message).toContain('put the files back, or train anew (overwrite: true)');
    expect(contents(settings.output).map(([name]) => name)).toEqual(before);
  });

  it('must have the best weights beside it', async () => {
    const folder = join(half, 'checkpoints');
    const best = findResumePoint(folder)?.state.best?.step as number;
    const [first] = checkpointSteps(folder);
    expect(first).toBe(best);
    const message = await refused((path) => flip(inCheckpoint(path, best, 'parameters.safetensors')));
    expect(message).toContain(`${checkpointName(best)}/parameters.safetensors: it is damaged`);
  });

  it.each([
    ['step', 3, '/step: it is 3 in the checkpoint of step 5'],
    ['stepInEpoch', 1_000_000, '/stepInEpoch: it is 1000000, but 5 updates are done'],
    ['stepInEpoch', 3, '/stepInEpoch: it is 3; at most 2, the last step of an epoch'],
    ['epoch', 2, '/epoch: it is 2; 1, the epoch of step 5'],
    ['epoch', 0.5, '/epoch: it is a number (0.5); expected an integer'],
    ['metricsBytes', -1, '/metricsBytes: it is -1'],
    ['metricsBytes', 1, '/metricsBytes: it is 1, but metrics.jsonl beside it has'],
    ['evaluationsWithoutBetter', null, '/evaluationsWithoutBetter: it is null'],
    ['best', { step: 99, value: 0.5 }, '/best/step: it is 99, but 5 updates are done'],
    ['best', { step: 2, value: null }, '/best/value: it is null'],
    ['finished', true, '/finished: it is true; false at step 5 of 6'],
  ])('is refused with %s %j', async (key, value, expected) => {
    const message = await refused((folder) => {
      for (const step of checkpointSteps(join(folder, 'checkpoints')))
        if (step !== 5) rmSync(join(folder, 'checkpoints', checkpointName(step)), { recursive: true });
      // Without checksums, as checkpoints of earlier versions are.
      rmSync(inCheckpoint(folder, 5, 'checksums.json'));
      edit(inCheckpoint(folder, 5, 'state.json'), (state) => {
        state.best = { step: 5, value: 0.5 };
        state[key] = value;
      });
    });
    expect(message).toContain('step-000005/state.json');
    expect(message).toContain(expected);
  });
});

describe('the logs of a resumed run', () => {
  it.each([
    ['missing', (path: string) => rmSync(path)],
    ['cut', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 50))],
    ['damaged', (path: string) => flip(path, 20)],
  ])('are written anew from the checkpoint where they are %s', async (_how, damage) => {
    const lines = await resume((folder) => {
      damage(runFolder(folder).metrics);
      damage(runFolder(folder).timings);
      rmSync(runFolder(folder).events, { recursive: true });
    });
    expect(lines.join('\n')).toContain('metrics.jsonl was missing or damaged: written anew');
    expect(lines.join('\n')).toContain('events lacked steps: written anew');
    expect(bytes(settings.output)).toEqual(whole);
    const steps = readTimings(runFolder(settings.output).timings).filter(({ split }) => split === 'train');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('are not continued with a gap where the checkpoint has no copy', async () => {
    const message = await refused((folder) => {
      for (const step of checkpointSteps(join(folder, 'checkpoints')))
        for (const name of ['checksums.json', 'metrics.jsonl']) rmSync(inCheckpoint(folder, step, name));
      writeFileSync(runFolder(folder).metrics, '');
    });
    expect(message).toMatch(/metrics.jsonl: its 0 bytes are not those that the checkpoint was written after/);
  });

  it('are made again where outcomes and predictions of the best evaluation are damaged', async () => {
    const lines = await resume((folder) => {
      rmSync(join(folder, 'predictions_validation.json'));
      flip(join(folder, 'report/outcomes_validation.json'), 30);
    });
    expect(lines.filter((line) => line.includes('the best weights are evaluated again'))).toHaveLength(2);
    expect(bytes(settings.output)).toEqual(whole);
  });
});

describe('the data of a resumed run', () => {
  /** Resumes with a changed file, which is put back afterwards. */
  async function withChanged(path: string, change: (path: string) => void): Promise<string[] | string> {
    const before = readFileSync(path);
    change(path);
    try {
      return await resume(() => {}).catch((error: Error) => error.message);
    } finally {
      writeFileSync(path, before);
    }
  }

  const files = () => {
    const { questions, annotations, images } = settings.data.train as Record<string, string>;
    return {
      'data.train.questions': questions as string,
      'data.train.annotations': annotations as string,
      'data.train.images': join(images as string, '3.png'),
      'backbone.from': join(settings.backbone.from as string, 'tokenizer.json'),
    };
  };

  it.each(['data.train.questions', 'data.train.annotations', 'data.train.images', 'backbone.from'] as const)(
    'must be the same: %s',
    async (key) => {
      const path = files()[key];
      const name = path.split('/').at(-1);
      // The same number of bytes, and well-formed still.
      const other = await withChanged(path, (file) => {
        const text = readFileSync(file, 'latin1');
        writeFileSync(
          file,
          file.endsWith('.png')
            ? text.slice(0, -1)
            : text.replace('picture', 'pictuRe').replace('"red"', '"reD"'),
          'latin1',
        );
      });
      expect(other).toContain(`${key}: ${name} has other contents than when the run started`);
      expect(contents(settings.output)).toEqual(contents(half));
      const missing = await withChanged(path, (file) => rmSync(file));
      expect(missing).toContain(`${key}: ${name} is missing`);
    },
  );

  it('may have been touched or copied', async () => {
    for (const path of Object.values(files())) utimesSync(path, new Date(), new Date());
    await resume(() => {});
    expect(bytes(settings.output)).toEqual(whole);
  });

  it('is not compared where there is no record, and that is told', async () => {
    const lines = await resume((folder) => rmSync(runFolder(folder).inputs));
    expect(lines.join('\n')).toContain('whether the data changed since the run started is not known');
    expect(existsSync(runFolder(settings.output).inputs)).toBe(true);
  });

  it('is refused with a damaged record', async () => {
    const message = await refused((folder) => {
      const path = runFolder(folder).inputs;
      writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, -2).join('\n').concat('\n'));
    });
    expect(message).toMatch(/inputs.jsonl:\d+: it is cut or damaged/);
  });
});
