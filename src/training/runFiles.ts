import { PROCESSOR_FILES } from '../backbones/processor.js';
import { adapterFileNames } from '../checkpoints/adapterFolder.js';
import { CHECKSUMS } from '../checkpoints/checksums.js';
import type { Claim } from '../checkpoints/ownedFolder.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { checkpointFiles } from './checkpoint.js';
import type { RunFolder } from './runFolder.js';

/** With `/`, as a marker lists them. */
const listed = (path: string): string => path.replaceAll('\\', '/');

const { outcomes, ...recorded } = recordedFiles('');

/** Files of what is a folder in a run folder; everything else there is a file. */
const inside: Partial<Record<keyof RunFolder, readonly string[]>> = {
  adapter: [...adapterFileNames, CHECKSUMS],
  backbone: ['config.json', 'model.safetensors', ...PROCESSOR_FILES],
  recorded: [...Object.values(recorded), ...Object.values(outcomes)],
  checkpoints: [],
  events: [],
  submission: [],
};

/** Names in a run folder, relative to it. */
type Names = Omit<RunFolder, 'path'>;

const filesOf = (names: Names, keys: readonly string[]): string[] =>
  keys.flatMap((key) => {
    const name = listed(names[key as keyof Names]);
    return inside[key as keyof Names]?.map((file) => `${name}/${file}`) ?? [name];
  });

/** Names with numbers: checkpoints, whole, damaged or cut short, and event files. */
const GENERATED = new RegExp(
  `^(checkpoints/step-\\d+(\\.damaged(-\\d+)?|\\.\\d+\\.tmp)?/(${checkpointFiles.join('|').replaceAll('.', '\\.')})|events/events\\.out\\.tfevents\\.\\d+\\.\\d+\\.vlgraft)$`,
);

/** What a run writes; files of a submission are claimed when the task has named them. */
export const claimOfRun = (names: Names, profile: boolean): Claim => ({
  kind: 'run',
  files: filesOf(
    names,
    Object.keys(names).filter((key) => profile || key !== 'profile'),
  ),
  generated: GENERATED,
});

/** What is written when the training is over, and listed no sooner: a user's file may have got such a name meanwhile. */
export const lateFiles = (names: Names, profile: boolean): string[] => [
  ...filesOf(names, ['predictions', 'adapter', 'summary', 'report', ...(profile ? ['profile'] : [])]),
  ...[...Object.values(recorded), outcomes.test].map((file) => `${listed(names.recorded)}/${file}`),
];

/** What merging writes. */
export const claimOfMerge = (names: Names): Claim => ({
  kind: 'merged run',
  files: filesOf(names, ['recipe', 'adapter', 'backbone']),
});
