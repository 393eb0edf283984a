// Draws docs/images/report.png from the report of a run, in a headless Chromium: head and curves in the light scheme,
// predictions in the dark one.
//   node scripts/reportPicture.mjs runs/vqa-bottleneck [--output docs/images/report.png]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { root } from './run.mjs';

const SIZE = { width: 780, height: 1290 };
const BROWSERS = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];

function browser() {
  const found = BROWSERS.find((name) => name && spawnSync(name, ['--version']).status === 0);
  if (found) return found;
  throw new Error('no Chromium was found; CHROMIUM may name one');
}

const without = (html, ...ids) =>
  ids.reduce((page, id) => page.replace(new RegExp(`<section id="${id}"[\\s\\S]*?</section>`), ''), html);

/** The page changed for one picture; its policy would refuse a changed style. */
const relaxed = (html) => html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');

const light = (html) =>
  relaxed(without(html, 'gallery', 'data', 'parameters', 'recipe', 'environment')).replace(
    /<h3>[^<]*group by group<\/h3>[\s\S]*?<\/section>/,
    '</section>',
  );

const dark = (html) =>
  relaxed(without(html, 'metrics', 'curves'))
    .replace('@media (prefers-color-scheme: dark)', '@media all')
    .replace(/<header>[\s\S]*?<\/header>|<nav[\s\S]*?<\/nav>/g, '')
    .replaceAll('<details class="look">', '<details class="look" open>');

function shoot(folder, name, html) {
  const [page, picture] = [join(folder, `${name}.html`), join(folder, `${name}.png`)];
  writeFileSync(page, html);
  const size = `--window-size=${SIZE.width},${SIZE.height}`;
  const flags = ['--headless', '--no-sandbox', '--hide-scrollbars', '--disable-gpu', size];
  execFileSync(browser(), [...flags, `--screenshot=${picture}`, `file://${page}`], { stdio: 'ignore' });
  return picture;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { output: { type: 'string', default: join(root, 'docs/images/report.png') } },
});
const html = readFileSync(join(positionals[0] ?? 'runs/vqa-bottleneck', 'report.html'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'vlgraft-picture-'));
try {
  const shots = [shoot(folder, 'light', light(html)), shoot(folder, 'dark', dark(html))];
  const canvas = { width: 2 * SIZE.width, height: SIZE.height, channels: 3, background: '#888' };
  const both = shots.map((input, at) => ({ input, left: at * SIZE.width, top: 0 }));
  await sharp({ create: canvas })
    .composite(both)
    .png({ palette: true, quality: 90, effort: 10 })
    .toFile(values.output);
} finally {
  rmSync(folder, { recursive: true });
}
