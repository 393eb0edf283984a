import { Option } from 'commander';
import type { AdapterLibrary } from '../../checkpoints/foreignAdapterFolder.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples } from '../verb.js';

interface Options {
  readonly format: AdapterLibrary;
  readonly output: string;
  readonly adapter?: string;
  readonly overwrite?: boolean;
}

async function exportRun(shell: Shell, folder: string, options: Options): Promise<void> {
  const { format, output, adapter, overwrite = false } = options;
  const { exportAdapter } = await import('../../trained/exportAdapter.js');
  const report = exportAdapter(folder, output, {
    library: format,
    modules: await shell.modules(),
    overwrite,
    ...(adapter !== undefined && { adapter }),
  });
  shell.notice('the head of the task is not part of such a folder');
  shell.result(report, `wrote ${report.tensors} tensors of '${report.adapter}' to ${report.folder}`);
}

/** `vlgraft export RUN` */
export const addExport: AddVerb = (parent) => {
  parent
    .command('export')
    .summary('write an adapter for another library')
    .description("Writes one adapter of a run as a folder that Hugging Face's PEFT loads.")
    .argument('<run>', 'run folder')
    .addOption(new Option('--format <library>', 'whose folders').choices(['peft']).default('peft'))
    .option('--adapter <name>', 'which one, where the run has several')
    .requiredOption('--output <folder>', 'new or empty folder')
    .option('--overwrite', 'replace what an earlier export wrote there; other files stay')
    .addHelpText('after', examples('vlgraft export runs/vqa-lora --format peft --output peft/vqa-lora'))
    .action(action(exportRun));
};
