import { adapterFileNames } from '../checkpoints/adapterFolder.js';
import type { Claim } from '../checkpoints/ownedFolder.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import type { RunFolder } from './runFolder.js';

/** With `/`, as a marker lists them. */
const listed = (path: string): string => path.replaceAll('\\', '/');

const { outcomes, ...recorded } = recordedFiles('');

/** Files of what is a folder in a run folder; everything else there is a file. */
const inside: Partial<Record<keyof RunFolder, readonly string[]>> = {
  adapter: [...adapterFileNames, 'checksums.json'],
  backbone: [
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
    'preprocessor_config.json',
  ],
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
const GENERATED =
  /^(checkpoints\/step-\d+(\.damaged(-\d+)?|\.\d+\.tmp)?\/[\w-]+\.(safetensors|jsonl?)|events\/events\.out\.tfevents\.\d+\.\d+\.vlgraft)$/;

/** What a run writes; files of a submission are claimed when the task has named them. */
export const claimOfRun = (names: Names, profile: boolean): Claim => ({
  kind: 'run',
  files: filesOf(
    names,
    Object.keys(names).filter((key) => profile || key !== 'profile'),
  ),
  generated: GENERATED,
});

/** What merging writes. */
export const claimOfMerge = (names: Names): Claim => ({
  kind: 'merged run',
  files: filesOf(names, ['recipe', 'adapter', 'backbone']),
});
