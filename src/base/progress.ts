/** What a long piece of work tells while it goes on; the command line draws it, a program may listen. */
export interface Progress {
  /** What is being done, for example `train` or `data`. */
  readonly stage: string;
  readonly done: number;
  /** Undefined where it is not known beforehand. */
  readonly total?: number;
  /** What `done` counts: `step`, `picture`, `MB`. */
  readonly unit: string;
  /** Figures to show beside it, for example the loss. */
  readonly values?: Readonly<Record<string, number>>;
}

export type OnProgress = (progress: Progress) => void;
