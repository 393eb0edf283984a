import { Option } from 'commander';
import { largest } from '../../base/lists.js';
import type { EngineInfo } from '../../engine/index.js';
import type { InstallPlan } from '../../engine/install/plan.js';
import { interruptible } from '../interrupt.js';
import { longWork } from '../longWork.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples } from '../verb.js';

interface InstallFlags {
  readonly device: 'cpu' | 'cuda';
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const planRows = (plan: InstallPlan): string[][] => [
  ['device', plan.device],
  ['wheels', plan.wheels.map(({ name, version }) => `${name} ${version}`).join(', ')],
  ['download', megabytes(plan.downloadBytes)],
  ['on disk', megabytes(plan.diskBytes)],
  ['folder', plan.folder],
  ['command', plan.command.join(' ')],
];

/** Rows of a name and a value, both to the left. */
const formatPairs = (rows: readonly (readonly string[])[]): string => {
  const width = largest(rows.map(([name = '']) => name.length));
  return rows.map(([name = '', value = '']) => `${name.padEnd(width)}  ${value}`).join('\n');
};

async function showPlan(shell: Shell, device: InstallFlags['device']): Promise<number> {
  const { planInstall } = await import('../../engine/install/plan.js');
  const plan = await interruptible(shell.log, (signal) => planInstall({ device, signal }));
  if (plan.possible) {
    shell.result(plan, formatPairs(planRows(plan)));
    return 0;
  }
  shell.result(plan, `nothing can be installed: ${plan.reason}`);
  return 1;
}

/** Installs the engine with its progress shown. */
export async function installWithProgress(shell: Shell, { device, force = false }: InstallFlags) {
  const { installEngine } = await import('../../engine/install/install.js');
  return longWork(shell, (follow) => installEngine({ device, force, ...follow }));
}

async function install(shell: Shell, flags: InstallFlags): Promise<number> {
  if (flags.dryRun) return showPlan(shell, flags.device);
  const installed = await installWithProgress(shell, flags);
  const verb = installed.already ? 'is there already' : 'is installed';
  shell.result(
    installed,
    `libtensorflow ${installed.version} (${installed.device}) ${verb}: ${installed.libraries.tensorflow}`,
  );
  return 0;
}

const infoRows = ({ backend, version, device, threads, library, reason }: EngineInfo): string[][] => [
  ['backend', backend],
  ['version', version],
  ['device', device],
  ['threads', String(threads)],
  ...(library ? [['library', library]] : []),
  ...(reason ? [['reason', reason]] : []),
];

async function info(shell: Shell, { verify = false }: { readonly verify?: boolean }): Promise<void> {
  const { startEngine } = await import('../../engine/index.js');
  const found = await startEngine({ verify });
  shell.result(found, formatPairs(infoRows(found)));
}

/** `vlgraft engine install|info` */
export const addEngine: AddVerb = (parent) => {
  const engine = parent
    .command('engine')
    .summary('install and show the engine')
    .description('What computes: libtensorflow where it can be had, else WebAssembly, which is slower.')
    .addHelpText('after', examples('vlgraft engine install', 'vlgraft engine info'));
  engine
    .command('install')
    .summary('fetch libtensorflow')
    .description(
      "Fetches libtensorflow from TensorFlow's own wheel with your pip or uv into your cache folder. " +
        'Safe to interrupt and to repeat.',
    )
    .addOption(new Option('--device <device>', 'what it computes on').choices(['cpu', 'cuda']).default('cpu'))
    .option('--dry-run', 'tell what would be fetched, and stop')
    .option('--force', 'install again what is there')
    .addHelpText(
      'after',
      examples('vlgraft engine install', 'vlgraft engine install --device cuda --dry-run'),
    )
    .action(action(install));
  engine
    .command('info')
    .summary('tell which engine is in use, and why')
    .description(
      'Tells which engine is in use, and why the better one is not. The environment decides for every command: ' +
        'VLGRAFT_BACKEND=tensorflow or wasm picks the backend, VLGRAFT_LIBTENSORFLOW names the library file.',
    )
    .option('--verify', 'compare every byte of libtensorflow with what was installed')
    .addHelpText(
      'after',
      examples(
        'vlgraft engine info',
        'vlgraft engine info --json',
        'VLGRAFT_BACKEND=wasm vlgraft run vqa-head-only',
      ),
    )
    .action(action(info));
};
