// A picture of what a terminal showed: node scripts/terminalPicture.mjs TITLE < screen.txt > picture.svg
import { readFileSync } from 'node:fs';
import { isMain } from './run.mjs';

const LINE = 19;
const CHARACTER = 8.43;
const PADDING = 18;
const BAR = 34;

const INK = '#e6edf3';
const FAINT = '#8b949e';
/** Colours of SGR 30 to 37, and of 90 to 97. */
const INKS = ['#484f58', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', INK];

const escapeXml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** What an SGR code makes of a style; codes that are not shown change nothing. */
function restyled(style, code) {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, faint: true };
  if (code === 22) return { ...style, bold: false, faint: false };
  if (code === 39) return { ...style, ink: undefined };
  const ink = INKS[code >= 90 ? code - 90 : code - 30];
  return ink ? { ...style, ink } : style;
}

/** Lines as runs of one style each, from text with the colours of `tmux capture-pane -e`. */
function runsOf(text) {
  let style = {};
  return text.split('\n').map((line) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
    line.split(/(\x1B\[[\d;]*m)/).flatMap((part) => {
      if (!part.startsWith('\x1B')) return part === '' ? [] : [{ text: part, style }];
      for (const code of part.slice(2, -1).split(';')) style = restyled(style, Number(code));
      return [];
    }),
  );
}

/** Commands stand out, notes step back, where the terminal gave no colour. */
const inkOf = (line) => (line.startsWith('$') ? INKS[2] : /^[ a-z]+: \d|left$/.test(line) ? FAINT : INK);

function span({ text, style: { ink, bold, faint } }) {
  const fill = ink ?? (faint ? FAINT : undefined);
  const attributes = [fill && ` fill="${fill}"`, bold && ' font-weight="bold"'].filter(Boolean).join('');
  return attributes === '' ? escapeXml(text) : `<tspan${attributes}>${escapeXml(text)}</tspan>`;
}

/** The picture of a screen, as SVG. */
export function terminalPicture(title, screen) {
  const lines = runsOf(screen.trimEnd());
  const plain = lines.map((runs) =>
    runs
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
  const width = Math.ceil(2 * PADDING + CHARACTER * Math.max(...plain.map((line) => [...line].length), 60));
  const height = BAR + 2 * PADDING + LINE * lines.length;
  const rows = lines.map(
    (runs, row) =>
      `<text x="${PADDING}" y="${BAR + PADDING + LINE * row + 13}" fill="${inkOf(plain[row])}" xml:space="preserve">${runs.map(span).join('')}</text>`,
  );
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, i) => `<circle cx="${PADDING + 20 * i}" cy="${BAR / 2}" r="6" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
${dots.join('')}
<text x="${width / 2}" y="${BAR / 2 + 5}" fill="${FAINT}" text-anchor="middle" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13">${escapeXml(title)}</text>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${rows.join('\n')}
</g>
</svg>
`;
}

if (isMain(import.meta.url)) {
  process.stdout.write(terminalPicture(process.argv[2] ?? '', readFileSync(0, 'utf8')));
}
