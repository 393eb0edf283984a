import type { Answers } from './answers.js';
import { chosenAdapters } from './chosen.js';
import type { World } from './world.js';

/** What the run and its files are called. */
export interface Names {
  readonly name: string;
  /** Run folder. */
  readonly output: string;
  /** The recipe's file. */
  readonly file: string;
  readonly overwrite: boolean;
}

const outputOf = (name: string): string => `runs/${name}`;
const fileOf = (name: string): string => `${name}.json`;

const isTaken = (name: string, world: World): boolean =>
  world.isThere(fileOf(name)) || world.earlierRun(outputOf(name)) !== undefined;

/** `vqa-bottleneck`, or `vqa-bottleneck-2` where that is taken. */
function freeName(answers: Answers, world: World): string {
  const kinds = chosenAdapters(answers, world).map(({ kind }) => kind);
  const base = [answers.task, ...(kinds.length > 0 ? kinds : ['head-only'])].join('-').slice(0, 90);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!isTaken(name, world)) return name;
  }
}

/** Name, run folder and file; what is not given follows from the rest. */
export function chosenNames(answers: Answers, world: World): Names {
  const { name = freeName(answers, world), overwrite = false } = answers;
  const { output = outputOf(name), file = fileOf(name) } = answers;
  return { name, output, file, overwrite };
}
