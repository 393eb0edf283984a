import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { formatBytes, grouped } from '../../base/figures.js';
import type { StoredSet, Verified } from '../../frozen/store/inspect.js';
import { ask } from '../ask.js';
import { longWork } from '../longWork.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';

interface FolderOption {
  readonly folder?: string;
}

async function rootOf({ folder }: FolderOption): Promise<string> {
  const { storeFolder } = await import('../../frozen/store/setFolder.js');
  return storeFolder(folder);
}

const setRow = ({ name, backbone, what, entries, bytes, lastUsed, inUse }: StoredSet): string[] => [
  name,
  backbone,
  what,
  grouped(entries),
  formatBytes(bytes),
  `${lastUsed.slice(0, 16).replace('T', ' ')}${inUse ? ', in use' : ''}`,
];

async function list(shell: Shell, options: FolderOption): Promise<void> {
  const { listSets } = await import('../../frozen/store/inspect.js');
  const root = await rootOf(options);
  const sets = await listSets(root);
  const total = sets.reduce((sum, { bytes }) => sum + bytes, 0);
  const table = formatTable([
    ['set', 'backbone', 'what', 'entries', 'size', 'last used'],
    ...sets.map(setRow),
  ]);
  const text =
    sets.length === 0 ? `nothing is stored in ${root}` : `${table}\n\n${formatBytes(total)} in ${root}`;
  shell.result({ folder: root, bytes: total, sets }, text);
}

function formatVerified({ name, entries, removed, unreadable }: Verified): string {
  if (unreadable) return `${name}: its file can not be read; it was removed`;
  const torn = removed === 0 ? 'all whole' : `${grouped(removed)} torn ones were removed`;
  return `${name}: ${grouped(entries)} entries, ${torn}`;
}

async function verify(shell: Shell, options: FolderOption): Promise<void> {
  const { verifySets } = await import('../../frozen/store/inspect.js');
  const root = await rootOf(options);
  const verified = await longWork(shell, (follow) => verifySets(root, follow));
  const lines = verified.map(formatVerified);
  shell.result(verified, lines.length === 0 ? `nothing is stored in ${root}` : lines.join('\n'));
}

/** The sets that are meant; UsageError for names that there are not. */
function chosen(sets: readonly StoredSet[], names: readonly string[]): readonly StoredSet[] {
  const unknown = names.filter((name) => !sets.some((set) => set.name === name));
  if (unknown.length > 0) {
    throw new UsageError(
      unknown.map((name) => ({ message: `there is no set '${name}'`, expected: 'one of vlgraft cache ls' })),
    );
  }
  return names.length === 0 ? sets : sets.filter(({ name }) => names.includes(name));
}

async function clear(
  shell: Shell,
  names: readonly string[],
  options: FolderOption & { readonly yes?: boolean },
): Promise<void> {
  const { listSets } = await import('../../frozen/store/inspect.js');
  const { removeSet } = await import('../../frozen/store/setFolder.js');
  const { join } = await import('node:path');
  const root = await rootOf(options);
  const wanted = chosen(await listSets(root), names);
  const free = wanted.filter(({ inUse }) => !inUse);
  const bytes = free.reduce((sum, set) => sum + set.bytes, 0);
  const what = `${free.length} set${free.length === 1 ? '' : 's'} of ${formatBytes(bytes)}`;
  if (free.length > 0 && !options.yes) {
    if (!shell.canAsk)
      throw new UsageError({ where: '--yes', message: `${what} would be removed`, expected: 'say --yes' });
    if ((await ask(shell, `remove ${what} from ${root}?`, ['no', 'yes'])) === 'no') return;
  }
  for (const { name } of free) removeSet(join(root, name));
  const kept = wanted.length - free.length;
  const removed = free.map(({ name }) => name);
  shell.result({ removed, bytes, inUse: kept }, `removed ${what}${kept > 0 ? `; ${kept} in use stay` : ''}`);
}

const addFolder = (command: Command): Command =>
  command.option('--folder <folder>', "where values are stored; default: a folder in the user's cache");

/** `vlgraft cache ls|verify|clear` */
export const addCache: AddVerb = (parent) => {
  const cache = parent
    .command('cache')
    .summary('look at stored values of frozen backbones')
    .description(
      'Values of frozen backbones are computed once and stored (the key cache of recipes). They can be removed at any ' +
        'time: what is needed is computed again.',
    )
    .addHelpText('after', examples('vlgraft cache ls', 'vlgraft cache clear --yes'));
  addFolder(cache.command('ls'))
    .description('Lists the sets: of which backbone, what, how large, when last used.')
    .addHelpText('after', examples('vlgraft cache ls --json'))
    .action(action(list));
  addFolder(cache.command('verify'))
    .description('Looks at every entry; torn ones are removed, and computed again when they are needed.')
    .addHelpText('after', examples('vlgraft cache verify'))
    .action(action(verify));
  addFolder(cache.command('clear'))
    .description('Removes sets; those that a run uses stay.')
    .argument('[sets...]', 'names as ls lists them; default: all')
    .option('--yes', 'ask no question')
    .addHelpText('after', examples('vlgraft cache clear', 'vlgraft cache clear --yes --json'))
    .action(action(clear));
};
