import { SingleBar } from 'cli-progress';
import type { OnProgress, Progress } from '../progress.js';
import { createPace, describeProgress, type Pace } from './pace.js';

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
      stream.write(`${line}\n`);
    },
    close: () => {
      if (last && pending) tell(last, true);
    },
  };
}

const drawBar = (done: number, total: number | undefined): string => {
  if (!total) return ' '.repeat(BAR_WIDTH);
  const full = Math.round((BAR_WIDTH * Math.min(done, total)) / total);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
};

interface Stage {
  readonly name: string;
  readonly bar: SingleBar;
  readonly pace: (progress: Progress) => Pace;
  progress: Progress;
}

function startBar(stream: Terminal, first: Progress, now: () => number): Stage {
  const pace = createPace(now);
  const draw = (): string => {
    const { stage: name, done, total } = stage.progress;
    const text = `${name.padEnd(10)} ${drawBar(done, total)} ${describeProgress(stage.progress, pace(stage.progress))}`;
    return text.slice(0, Math.max(1, (stream.columns || 80) - 1));
  };
  // The line-wrap and cursor settings of the terminal are left alone, so that ending at once leaves it usable.
  const bar = new SingleBar({
    stream: stream as NodeJS.WriteStream,
    format: draw,
    fps: 10,
    linewrap: true,
    gracefulExit: false,
    emptyOnZero: true,
  });
  const stage: Stage = { name: first.stage, bar, pace, progress: first };
  bar.start(first.total ?? 0, first.done);
  return stage;
}

/** One bar a stage, redrawn in place; finished ones stay above. */
function createBars(stream: Terminal, now: () => number): ProgressView {
  let stage: Stage | undefined;
  const close = () => {
    stage?.bar.stop();
    stage = undefined;
  };
  return {
    onProgress: (progress) => {
      if (stage && (stage.name !== progress.stage || progress.done < stage.progress.done)) close();
      stage ??= startBar(stream, progress, now);
      stage.progress = progress;
      stage.pace(progress);
      stage.bar.update(progress.done);
      if (progress.done === progress.total) close();
    },
    onLog: (line) => {
      // A bar goes back to the line that it started on when it stops, so it has to stop before a line follows.
      close();
      stream.write(`${line}\n`);
    },
    close,
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
