import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a command was doing. */
export type Stage =
  | 'starting'
  | 'reading'
  | 'preparing'
  | 'storing'
  | 'training'
  | 'checkpointing'
  | 'evaluating'
  | 'saving'
  | 'reporting';

/** Names of the files of a folder that another process may be writing: what vanishes meanwhile is looked for again. */
export function filesIn(folder: string): string[] {
  for (;;) {
    try {
      if (!existsSync(folder)) return [];
      const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** What changed in a folder since it was last looked at. */
export interface Changes {
  readonly folder: string;
  /** Takes what is there now as known. */
  look(): void;
  /** Names of files that appeared or were written since then. */
  names(): string[];
}

export function watchChanges(folder: string): Changes {
  const timeOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
  let before = new Map<string, number | undefined>();
  const look = () => {
    before = new Map(filesIn(folder).map((name) => [name, timeOf(name)]));
  };
  look();
  return { folder, look, names: () => filesIn(folder).filter((name) => before.get(name) !== timeOf(name)) };
}

/** The sign of each stage among the files that changed, the latest stage first. */
const BY_FILES: readonly (readonly [Stage, RegExp])[] = [
  ['reporting', /(^|\/)(summary\.json|report\/gallery\.json|comparison\.json)$/],
  ['checkpointing', /step-\d+\.[^/]*\.tmp/],
  ['saving', /(^|\/)(predictions_test\.json$|adapter\/)/],
];

/** A line that a comparison tells when a trial begins. */
export const TRIAL = /: trial \d+ of \d+$/m;

/** Between training and evaluating, by the last line of the log: an update that an evaluation follows, or the last evaluation. */
function byLog(folder: string, log: string): Stage {
  try {
    const last = JSON.parse(readFileSync(join(folder, log), 'utf8').trimEnd().split('\n').at(-1) ?? '');
    const { training } = JSON.parse(readFileSync(join(folder, dirname(log), 'recipe.json'), 'utf8'));
    const isDue = last.split === 'train' && last.step % training.evaluateEvery === 0;
    return isDue || (last.split === 'validation' && last.step === training.maxSteps)
      ? 'evaluating'
      : 'training';
  } catch {
    return 'training'; // a line that is being written, or none yet
  }
}

/**
 * What a process does, by the files that it changed since it began, or since its trial did, and by what it told.
 * @param stderr what it has told in this life
 */
export function stageOf({ folder, names }: Changes, stderr: string): Stage {
  const changed = names();
  const byFiles = BY_FILES.find(([, sign]) => changed.some((name) => sign.test(name)));
  if (byFiles) return byFiles[0];
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (/^(validation|test): /.test(last)) return 'evaluating';
  const log = changed.find((name) => /(^|\/)metrics\.jsonl$/.test(name));
  if (log !== undefined) return byLog(folder, log);
  if (/^(train: |trials: .*loss)/.test(last)) return 'training';
  if (/^cache: /.test(last)) return 'storing';
  if (changed.some((name) => name.endsWith('environment.json'))) return 'preparing';
  return /^engine: /m.test(stderr) || TRIAL.test(stderr) ? 'reading' : 'starting';
}

/** Files whose appearance a kill may wait for, so that short stages are met too. */
export const SIGNS = [
  /recipe\.json$/,
  /environment\.json$/,
  /metrics\.jsonl$/,
  /step-\d+\.\d+\.tmp/,
  /checkpoints\/step-\d+\//,
  /outcomes_validation\.json$/,
  /predictions_test\.json$/,
  /adapter\//,
  /report\/data\.json$/,
  /summary\.json$/,
];
