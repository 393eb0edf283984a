import type { SplitName } from '../../../tasks/example.js';
import { FORMAT } from '../../../tasks/readers/reader.js';
import type { AnyTask } from '../../../tasks/task.js';
import { UsageError } from '../../base/errors.js';
import { grouped } from '../../base/figures.js';
import type { Json } from '../../base/json.js';
import type { Answers } from '../answers.js';
import { chosenTask } from '../chosen.js';
import { chosenFiles, NAMES, type ReadFiles, readFiles, type Split } from '../chosenFiles.js';
import type { Field } from '../question.js';
import { pathKeys, requiredKeys, splitKeySchema } from '../splitFields.js';
import type { Step } from '../step.js';

const keysShown = (task: AnyTask, split: Split | undefined): string[] => [
  ...new Set([
    ...((task.readers?.length ?? 0) > 1 ? [FORMAT] : []),
    ...pathKeys(task, split),
    ...Object.keys(split ?? {}),
  ]),
];

/** A path as it lies in the folder of the data, where it does. */
function shownIn(folder: string | undefined, value: Json | undefined): { readonly shown?: string } {
  const start = `${folder}/`;
  return typeof value === 'string' && value.startsWith(start) ? { shown: value.slice(start.length) } : {};
}

function fieldsOf(
  task: AnyTask,
  name: SplitName,
  split: Split | undefined,
  folder: string | undefined,
): Field[] {
  const required = requiredKeys(task, split);
  return keysShown(task, split).map((key) => {
    const schema = splitKeySchema(task, key, split) ?? {};
    return {
      key: `${name}.${key}`,
      label: `${name} ${key}`,
      value: split?.[key],
      description: String(schema.description ?? ''),
      schema,
      ...shownIn(folder, split?.[key]),
      needed: required.includes(key) && (name === 'train' || split !== undefined),
      optional: name !== 'train' || !required.includes(key),
    };
  });
}

/** Examples by split. */
const countsOf = ({ facts }: ReadFiles): string =>
  NAMES.flatMap((name) => {
    const own = facts[name];
    return own ? [`${name} ${grouped(own.examples)}`] : [];
  }).join(', ');

function factsOf(read: ReadFiles): string[] {
  const counts = countsOf(read);
  const { train } = read.facts;
  return [
    ...(counts === '' ? [] : [`examples: ${counts}`]),
    ...(train
      ? [
          `first one: ${train.text}`,
          `   answer: ${train.answer ?? '-'}`,
          `  picture: ${train.pictures.join(', ')}`,
        ]
      : []),
  ];
}

/** The answers with one file of a split changed; null leaves it out, and with one that is needed the whole split. */
function withFile({ files = {}, ...answers }: Answers, task: AnyTask, place: string, value: Json): Answers {
  const [name = '', key = ''] = place.split('.');
  const leftOut =
    value === null &&
    name !== 'train' &&
    requiredKeys(task, files[name as SplitName] ?? undefined).includes(key);
  return { ...answers, files: { ...files, [name]: leftOut ? null : { ...files[name], [key]: value } } };
}

/** The files of each split: found by their names, counted and shown, each corrected by hand where that is needed. */
export const filesStep: Step = {
  name: 'files',
  keys: ['files'],
  async ask(answers, world) {
    const task = chosenTask(answers, world);
    const splits = chosenFiles(answers, world);
    const read = await readFiles(answers, world);
    return {
      kind: 'form',
      step: 'files',
      title: `files of ${answers.data}`,
      summary: countsOf(read),
      wrong: read.problems,
      facts: factsOf(read),
      fields: NAMES.flatMap((name) => fieldsOf(task, name, splits[name], answers.data)),
    };
  },
  async take(answers, reply, world) {
    const task = chosenTask(answers, world);
    if (reply.kind === 'change') return withFile(answers, task, reply.key, reply.value);
    if (reply.kind !== 'accept') return answers;
    const { problems } = await readFiles(answers, world);
    if (problems.length > 0) throw new UsageError(problems);
    return answers;
  },
};
