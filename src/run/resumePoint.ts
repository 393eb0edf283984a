import { basename } from 'node:path';
import { type Problem, UsageError } from '../base/errors.js';
import {
  type Checkpoint,
  checkpointName,
  checkpointSteps,
  damageOfWeights,
  readCheckpoint,
  readState,
  setAside,
} from '../training/checkpoint.js';

/** A checkpoint that a run may go on from, or what is wrong with it. */
type Candidate =
  | { readonly step: number; readonly checkpoint: Checkpoint; readonly problems?: undefined }
  | { readonly step: number; readonly checkpoint?: undefined; readonly problems: readonly Problem[] };

function read(folder: string, step: number): Candidate {
  try {
    return { step, checkpoint: readCheckpoint(folder, step) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { step, problems: error.problems };
  }
}

/** Step of the best evaluation that a checkpoint knows, be its weights damaged or not. */
function bestKnownTo(folder: string, step: number): number | undefined {
  try {
    return readState(folder, step).best?.step;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return undefined;
  }
}

/**
 * What is wrong with the best weights that a checkpoint counts on. Nothing where a later one has found better ones since:
 * the same steps will find them again.
 */
function damageOfBest(folder: string, { state }: Checkpoint, later: readonly number[]): readonly Problem[] {
  const best = state.best?.step;
  if (best === undefined || best === state.step) return [];
  if (later.some((step) => (bestKnownTo(folder, step) ?? 0) > state.step)) return [];
  return damageOfWeights(folder, best);
}

const describe = (problems: readonly Problem[]): string =>
  problems
    .map(({ file = '', where, message }) => [basename(file), where, message].filter(Boolean).join(' '))
    .join('; ');

function nothingWhole(problems: readonly Problem[]): UsageError {
  const advice = 'put the files back, or train anew (overwrite: true)';
  return new UsageError(
    problems.map(({ expected, ...problem }) => ({
      ...problem,
      expected: [expected, advice].filter(Boolean).join('; '),
    })),
  );
}

/**
 * The last checkpoint that a run can go on from; undefined where there is none at all. Damaged ones after it are set
 * aside and told. Throws UsageError, and changes nothing, where all are damaged, or the best weights are lost.
 */
export function findResumePoint(
  folder: string,
  onLog: (line: string) => void = () => {},
): Checkpoint | undefined {
  const steps = checkpointSteps(folder).reverse();
  const damaged = new Map<number, readonly Problem[]>();
  const lost = new Map<number, readonly Problem[]>();
  for (const [index, step] of steps.entries()) {
    const { checkpoint, problems } = read(folder, step);
    if (problems) {
      damaged.set(step, problems);
      continue;
    }
    const best = damageOfBest(folder, checkpoint, steps.slice(0, index));
    if (best.length > 0) {
      lost.set(checkpoint.state.best?.step as number, best);
      continue;
    }
    for (const [bad, why] of new Map([...lost, ...damaged])) {
      const name = steps.includes(bad) ? `set aside as ${setAside(folder, bad)}` : 'not there';
      onLog(`checkpoint ${checkpointName(bad)} is damaged (${describe(why)}): ${name}`);
    }
    if (damaged.size + lost.size > 0) onLog(`the run goes on from the checkpoint of step ${step}`);
    return checkpoint;
  }
  const problems = [...new Map([...lost, ...damaged]).values()].flat();
  if (problems.length > 0) throw nothingWhole(problems);
  return undefined;
}
