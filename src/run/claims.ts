import { PROCESSOR_FILES } from '../backbones/createProcessor.js';
import { adapterFileNames } from '../checkpoints/adapterFolder.js';
import { CHECKSUMS } from '../checkpoints/checksums.js';
import type { Claim } from '../checkpoints/ownedFolder.js';
import { runNames } from '../checkpoints/runFiles.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { checkpointFiles } from '../training/checkpoint.js';

/** With `/`, as a marker lists them. */
const listed = (path: string): string => path.replaceAll('\\', '/');

const { outcomes, ...recorded } = recordedFiles('');

type Key = keyof typeof runNames;

/** Files of what is a folder in a run folder; everything else there is a file. */
const inside: Partial<Record<Key, readonly string[]>> = {
  adapter: [...adapterFileNames, CHECKSUMS],
  backbone: ['config.json', 'model.safetensors', ...PROCESSOR_FILES],
  recorded: [...Object.values(recorded), ...Object.values(outcomes)],
  checkpoints: [],
  events: [],
  submission: [],
};

const filesOf = (keys: readonly Key[]): string[] =>
  keys.flatMap((key) => {
    const name = listed(runNames[key]);
    return inside[key]?.map((file) => `${name}/${file}`) ?? [name];
  });

/** Names with numbers: checkpoints, whole, damaged or cut short, and event files. */
const GENERATED = new RegExp(
  `^(checkpoints/step-\\d+(\\.damaged(-\\d+)?|\\.\\d+\\.tmp)?/(${checkpointFiles.join('|').replaceAll('.', '\\.')})|events/events\\.out\\.tfevents\\.\\d+\\.\\d+\\.vlgraft)$`,
);

/** What of it is asked for. */
interface Asked {
  readonly profile?: boolean | undefined;
}

/** What a run writes; files of a submission are claimed when the task has named them. */
export const runClaim = ({ profile = false }: Asked = {}): Claim => ({
  kind: 'run',
  files: filesOf((Object.keys(runNames) as Key[]).filter((key) => profile || key !== 'profile')),
  generated: GENERATED,
});

/** What is written when the training is over, and listed no sooner: a user's file may have got such a name meanwhile. */
export const lateFiles = ({ profile = false }: Asked): string[] => [
  ...filesOf(['predictions', 'adapter', 'summary', 'report', ...(profile ? (['profile'] as const) : [])]),
  ...[...Object.values(recorded), outcomes.test].map((file) => `${listed(runNames.recorded)}/${file}`),
];

/** What merging writes. */
export const mergedClaim: Claim = {
  kind: 'merged run',
  files: filesOf(['recipe', 'adapter', 'backbone']),
};
