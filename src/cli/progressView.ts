import { SingleBar } from 'cli-progress';
import type { OnProgress, Progress } from '../base/progress.js';
import { visibleLines } from '../base/visible.js';
import { createPace, describeProgress, type Pace, progressParts } from './pace.js';

/** Shows what long work tells, until it is closed. */
export interface ProgressView {
  readonly onProgress: OnProgress;
  readonly onLog: (line: string) => void;
  close(): void;
}

/** What a view writes to: stderr, or a test's stand-in. */
export type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

const LINE_EVERY_SECONDS = 5;
const BAR_WIDTH = 24;

const silent: ProgressView = { onProgress: () => {}, onLog: () => {}, close: () => {} };

/** What was told of a stage, however often it comes back. */
interface Told {
  readonly time: number;
  readonly ended: boolean;
}

/** At most one line of a stage every few seconds, besides its first one and its end. */
function createLines(stream: Terminal, now: () => number): ProgressView {
  const told = new Map<string, Told>();
  let pace = createPace(now);
  let last: Progress | undefined;
  let pending = false;
  const tell = (progress: Progress, ended: boolean) => {
    stream.write(`${progress.stage}: ${describeProgress(progress, pace(progress))}\n`);
    told.set(progress.stage, { time: now(), ended });
    pending = false;
  };
  return {
    onProgress: (progress) => {
      if (last?.stage !== progress.stage || progress.done < last.done) pace = createPace(now);
      last = progress;
      pending = true;
      pace(progress);
      const before = told.get(progress.stage);
      const ends = progress.done === progress.total;
      const isDue = !before || now() - before.time >= LINE_EVERY_SECONDS * 1000;
      if (isDue || (ends && !before.ended)) tell(progress, ends || (before?.ended ?? false));
    },
    onLog: (line) => {
      stream.write(`${visibleLines(line)}\n`);
    },
    close: () => {
      if (last && pending) tell(last, true);
    },
  };
}

const drawBar = (done: number, total: number | undefined, width: number): string => {
  if (!total) return ' '.repeat(width);
  const full = Math.round((width * Math.min(done, total)) / total);
  return '█'.repeat(full) + '░'.repeat(width - full);
};

/** Left free at the end of a line, so that the ^C that a terminal shows does not wrap it. */
const ROOM = 3;

/** A stage on one line of at most `columns`: the bar gives way first, then whole figures; none is cut. */
function drawLine(progress: Progress, pace: Pace, columns: number): string {
  const { stage, done, total } = progress;
  const [position = '', ...figures] = progressParts(progress, pace);
  const text = [position, ...figures].join('  ');
  const left = columns - ROOM - stage.padEnd(10).length - 2 - text.length;
  const start = `${stage.padEnd(10)} ${drawBar(done, total, Math.max(BAR_WIDTH / 2, Math.min(BAR_WIDTH, left)))} ${position}`;
  return figures
    .reduce((line, figure) => {
      const longer = `${line}  ${figure}`;
      return longer.length > columns - ROOM ? line : longer;
    }, start)
    .slice(0, Math.max(1, columns - 1));
}

interface Stage {
  readonly bar: SingleBar;
  readonly pace: (progress: Progress) => Pace;
  progress: Progress;
}

function startBar(stream: Terminal, first: Progress, pace: Stage['pace']): Stage {
  // The line-wrap and cursor settings of the terminal are left alone, so that ending at once leaves it usable.
  const bar = new SingleBar({
    stream: stream as NodeJS.WriteStream,
    format: () => drawLine(stage.progress, pace(stage.progress), stream.columns || 80),
    fps: 10,
    linewrap: true,
    gracefulExit: false,
    emptyOnZero: true,
  });
  const stage: Stage = { bar, pace, progress: first };
  bar.start(first.total ?? 0, first.done);
  return stage;
}

const isDone = ({ done, total }: Progress): boolean => done === total;

/** Up one line, to its start, and everything from there on erased: what a stopped bar needs to be gone. */
const ERASE_LINE_ABOVE = '\u001B[1A\r\u001B[J';

/**
 * One bar at a time, redrawn in place. Finished ones stay above, but not those of work within other work that has not
 * ended, as validations are within training: of these, only what is logged stays.
 */
function createBars(stream: Terminal, now: () => number): ProgressView {
  const started = new Map<string, Pick<Stage, 'pace' | 'progress'>>();
  let stage: Stage | undefined;
  const stop = (keep: boolean) => {
    if (!stage) return;
    stage.bar.stop();
    if (!keep) stream.write(ERASE_LINE_ABOVE);
    stage = undefined;
  };
  const isWithin = ({ stage: name }: Progress) =>
    [...started].some(([other, { progress }]) => other !== name && !isDone(progress));
  return {
    onProgress: (progress) => {
      const { stage: name, done } = progress;
      if (stage && (stage.progress.stage !== name || done < stage.progress.done)) stop(false);
      const before = started.get(name);
      const pace = before && before.progress.done <= done ? before.pace : createPace(now);
      started.set(name, { pace, progress });
      stage ??= startBar(stream, progress, pace);
      stage.progress = progress;
      pace(progress);
      stage.bar.update(done);
      if (isDone(progress)) stop(!isWithin(progress));
    },
    onLog: (line) => {
      // A bar goes back to the line that it started on when it stops, so it has to stop before a line follows.
      stop(false);
      stream.write(`${visibleLines(line)}\n`);
    },
    close: () => stop(true),
  };
}

/** Bars on a terminal, lines elsewhere, nothing when quiet; `now` in milliseconds. */
export function createProgressView(
  { quiet }: { readonly quiet: boolean },
  stream: Terminal = process.stderr,
  now: () => number = () => performance.now(),
): ProgressView {
  if (quiet) return silent;
  return stream.isTTY ? createBars(stream, now) : createLines(stream, now);
}
