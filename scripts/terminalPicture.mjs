// A picture of what a terminal showed: node scripts/terminalPicture.mjs TITLE < screen.txt > picture.svg
import { readFileSync } from 'node:fs';

const LINE = 19;
const CHARACTER = 8.43;
const PADDING = 18;
const BAR = 34;

const escapeXml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const title = process.argv[2] ?? '';
const lines = readFileSync(0, 'utf8').trimEnd().split('\n');
const width = Math.ceil(2 * PADDING + CHARACTER * Math.max(...lines.map((line) => [...line].length), 60));
const height = BAR + 2 * PADDING + LINE * lines.length;

/** Commands stand out, notes step back. */
const colour = (line) =>
  line.startsWith('$') ? '#7ee787' : /^[ a-z]+: \d|left$/.test(line) ? '#8b949e' : '#e6edf3';
const rows = lines.map(
  (line, row) =>
    `<text x="${PADDING}" y="${BAR + PADDING + LINE * row + 13}" fill="${colour(line)}" xml:space="preserve">${escapeXml(line)}</text>`,
);
const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
  (fill, i) => `<circle cx="${PADDING + 20 * i}" cy="${BAR / 2}" r="6" fill="${fill}"/>`,
);

console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
${dots.join('')}
<text x="${width / 2}" y="${BAR / 2 + 5}" fill="#8b949e" text-anchor="middle" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13">${escapeXml(title)}</text>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${rows.join('\n')}
</g>
</svg>`);
