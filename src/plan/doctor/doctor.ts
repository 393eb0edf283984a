import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterruptedError } from '../../base/errors.js';
import { makeEmojiScenes } from '../../data/emojiScenes/makeEmojiScenes.js';
import { filesOfModules, type Modules } from '../../prepare/modules.js';
import { readRecipe } from '../../recipe/load.js';
import { resolveRecipe } from '../../recipe/validate.js';
import { errorWords, systemWords } from '../../system/systemErrors.js';
import { makeTemporaryFolder } from '../../system/temporaryFolder.js';
import type { RunSettings } from '../../training/settings.js';
import type { PlanOptions } from '../planOptions.js';
import { type Check, fail, messageOf } from './check.js';
import { machineChecks } from './machineChecks.js';

/** All that was looked at. */
export interface Diagnosis {
  /** Whether nothing failed. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

const worker = fileURLToPath(new URL('../../workers/engineWorker.js', import.meta.url));

/** Characters of the worker's stderr that are kept, to say why it died. */
const KEPT = 4000;

/** What that process is told. */
export interface EngineTrial {
  readonly settings: RunSettings;
  /** Files that add to the modules. */
  readonly use: readonly string[];
}

/** Tries the engine in a process of its own; a process that dies is a finding. */
function tryEngine(
  trial: EngineTrial,
  tell: (check: Check) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = fork(worker, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  const kill = () => child.kill('SIGKILL');
  let [said, last] = ['', 'packages'];
  child.stderr?.on('data', (piece: Buffer) => {
    said = (said + piece.toString()).slice(-KEPT);
  });
  child.on('message', (check: Check) => {
    last = check.name;
    tell(check);
  });
  process.once('exit', kill);
  signal?.addEventListener('abort', kill);
  child.send(trial);
  return new Promise<void>((done, refuse) => {
    child.on('error', refuse);
    child.on('close', (code, ended) => {
      process.off('exit', kill);
      signal?.removeEventListener('abort', kill);
      if (signal?.aborted) refuse(new InterruptedError('interrupted; nothing was changed'));
      else if (code !== 0) {
        const why = said.trim().split('\n').at(-1);
        const found = `its process ended with ${ended ?? code} after '${last}'${why ? `: ${why}` : ''}`;
        tell(fail('engine', found, 'vlgraft engine install --force, or VLGRAFT_BACKEND=wasm'));
      }
      done();
    });
  });
}

const DEFAULT = 'vqa-bottleneck';
const SAMPLE = 'data/emoji-scenes';
/** Pictures of data that is made for the checks, and examples that they read. */
const [PICTURES, EXAMPLES] = [40, 64];

/** The shipped recipe on the sample data, or on data made for it in a temporary folder. */
async function defaultRecipe(modules: Modules): Promise<{ readonly settings: RunSettings; remove(): void }> {
  const { input, source } = readRecipe(DEFAULT, [`data.train.limit=${EXAMPLES}`]);
  if (existsSync(join(SAMPLE, 'dataset.json'))) {
    return { settings: resolveRecipe(input, { source, files: false, modules }), remove: () => {} };
  }
  const { path: folder, remove } = makeTemporaryFolder('vlgraft-doctor');
  try {
    await makeEmojiScenes({ folder: join(folder, 'scenes'), count: PICTURES, size: 64 });
    const moved = JSON.stringify(input).replaceAll(SAMPLE, join(folder, 'scenes').replaceAll('\\', '/'));
    return { settings: resolveRecipe(JSON.parse(moved) as object, { files: false, modules }), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Looks at everything that a run needs: machine, packages, engine, and the operations and gradients of a recipe. Never
 * throws for what it finds, only InterruptedError when `signal` stops it.
 * @param recipe whose model is tried; default: a shipped one
 */
export async function diagnose(
  recipe: RunSettings | undefined,
  { onProgress, signal }: PlanOptions,
  modules: Modules,
): Promise<Diagnosis> {
  const checks: Check[] = [];
  const tell = (check: Check) => {
    checks.push(check);
    onProgress?.({ stage: 'checking', done: checks.length, unit: 'thing' });
  };
  for (const check of await machineChecks(signal)) tell(check);
  try {
    const chosen = recipe ? { settings: recipe, remove: () => {} } : await defaultRecipe(modules);
    try {
      await tryEngine({ settings: chosen.settings, use: filesOfModules(modules) }, tell, signal);
    } finally {
      chosen.remove();
    }
  } catch (error) {
    if (error instanceof InterruptedError || signal?.aborted) throw error;
    const words = systemWords(error);
    tell(
      words
        ? fail('sample data', errorWords(error), 'a folder that can be written, in TMPDIR')
        : fail('recipe', messageOf(error), 'npm ci, then the same command again'),
    );
  }
  return { healthy: checks.every(({ status }) => status !== 'fail'), checks };
}
