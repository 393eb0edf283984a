import { join } from 'node:path';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { writeJson } from '../checkpoints/jsonFile.js';
import { type Claim, claimFiles, finishFolder } from '../checkpoints/ownedFolder.js';
import { sharp } from '../data/sharp.js';
import { makeFolder } from '../system/makeFolder.js';
import type { Comparison } from './comparison.js';
import type { MetricPlot } from './metricPlot.js';
import { plotSpec } from './plotSpec.js';
import { type NamedPlot, plotsOf } from './plots.js';
import { comparisonNotes, comparisonTable } from './table.js';

/** Pixels an inch of the PNG: twice those of a screen. */
const DENSITY = 192;

/** The plot as the text of an SVG file. */
async function drawPlot(plot: MetricPlot): Promise<string> {
  const { parse, View } = await import('vega');
  const view = new View(parse(plotSpec(plot)), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

async function writePlot(folder: string, { file, plot }: NamedPlot): Promise<void> {
  const svg = await drawPlot(plot);
  writeFileAtomically(join(folder, `${file}.svg`), svg);
  writeFileAtomically(join(folder, `${file}.png`), [
    await sharp(Buffer.from(svg), { density: DENSITY }).png().toBuffer(),
  ]);
}

/** The table with its notes and plots, the plots named relative to the folder of the results. */
function page(comparison: Comparison, plots: readonly NamedPlot[]): string {
  const pictures = plots.map(({ file, plot }) => `![${plot.title}](plots/${file}.svg)`);
  return `${[`# ${comparison.name}`, comparisonTable(comparison), ...comparisonNotes(comparison), ...pictures].join('\n\n')}\n`;
}

/** What a comparison writes, besides its plots and the runs, which have lists of their own. */
export const comparisonClaim: Claim = { kind: 'comparison', files: ['comparison.json', 'comparison.md'] };

const plotFiles = (plots: readonly NamedPlot[]): string[] =>
  plots.flatMap(({ file }) => [`plots/${file}.svg`, `plots/${file}.png`]);

/** Writes comparison.json, comparison.md and plots/ (SVG and PNG) into the folder of a comparison. */
export async function writeComparison(comparison: Comparison): Promise<void> {
  const { folder } = comparison;
  const plots = plotsOf(comparison);
  claimFiles(folder, { ...comparisonClaim, files: [...comparisonClaim.files, ...plotFiles(plots)] });
  writeJson(join(folder, 'comparison.json'), comparison);
  if (plots.length > 0) makeFolder(join(folder, 'plots'));
  for (const plot of plots) await writePlot(join(folder, 'plots'), plot);
  writeFileAtomically(join(folder, 'comparison.md'), page(comparison, plots));
  finishFolder(folder, comparisonClaim);
}
