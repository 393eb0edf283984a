import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What was done of one reader in one go. */
export interface FuzzRun {
  readonly reader: string;
  /** Of the run: reader, seed and number make an input. */
  readonly seed: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly findings: number;
  /** Inputs that were read as right. */
  readonly accepted: number;
  /** Of the processor. */
  readonly seconds: number;
}

const isSame = (a: FuzzRun, b: FuzzRun): boolean =>
  a.reader === b.reader && a.seed === b.seed && a.from === b.from;

/** The runs in a record, a JSON object a line; none where there is no such file. */
const readRecord = (file: string): FuzzRun[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as FuzzRun)
    : [];

/** Adds a run to a record, or brings it up to date there: a run that is killed has told what it did. */
export function recordRun(file: string, run: FuzzRun): void {
  const rounded = { ...run, seconds: Math.round(run.seconds * 10) / 10 };
  const others = readRecord(file).filter((other) => !isSame(other, run));
  const lines = [...others, rounded].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(`${file}.new`, lines.join(''));
  renameSync(`${file}.new`, file);
}
