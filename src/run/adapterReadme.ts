import type { AttachedAdapter } from '../model/attach.js';
import type { RunSettings } from '../training/settings.js';
import type { RunSummary } from './summary.js';

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

const figures = (values: Readonly<Record<string, number>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(', ');

function methods(attached: readonly AttachedAdapter[]): string {
  if (attached.length === 0) return 'No adapters: only the head was trained.';
  return attached
    .map(({ name, adapter: { description, source } }) => `- \`${name}\`: ${description} Source: ${source}`)
    .join('\n');
}

/** The card of an adapter folder: what it is, what it was trained with, how good it is, how to use it. */
export function adapterReadme(
  settings: RunSettings,
  attached: readonly AttachedAdapter[],
  { metrics, baseline, parameters, steps }: RunSummary,
): string {
  const results = (['validation', 'test'] as const).flatMap((split) => {
    const [measured, simple] = [metrics[split], baseline[split]];
    if (!measured) return [];
    return [`| ${split} | ${figures(measured.values)} | ${simple ? figures(simple.values) : '-'} |`];
  });
  const table =
    results.length > 0
      ? ['| split | metrics | baseline |', '|---|---|---|', ...results].join('\n')
      : 'Not evaluated.';
  return `# ${settings.name}

Task \`${settings.task.kind}\` on the backbone \`${backboneName(settings)}\`, fine-tuned with vlgraft.
${parameters.trainable} of ${parameters.trainable + parameters.frozen} parameters were trained (${percent(parameters.share)}), in ${steps} steps with seed ${settings.seed}.

## Adapters

${methods(attached)}

## Results

${table}

## Use

\`\`\`ts
import { loadRun } from 'vlgraft';

const run = await loadRun('${settings.output}');
console.log(await run.predict([{ text: '...', picture: 'picture.jpg' }]));
await run.dispose();
\`\`\`
`;
}

/** How a run's backbone is called in its adapter folder: as the recipe names it, or the folder that the run made. */
export const backboneName = ({ backbone, output }: Pick<RunSettings, 'backbone' | 'output'>): string =>
  backbone.from ?? `${output}/backbone`;
