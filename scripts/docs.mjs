import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root } from './run.mjs';

// A page asks for a table between two comments: <!-- options: training --> ... <!-- /options -->.
const SECTION = /<!-- options: (\S+) -->\n[\s\S]*?<!-- \/options -->/g;

const schema = JSON.parse(readFileSync(join(root, 'recipes/schema.json'), 'utf8'));

/** The options that a page asks for: `recipe`, `split.<task>`, or keys with the kind where there are several. */
function partOf(name) {
  const [first, ...rest] = name.split('.');
  if (first === 'recipe') return schema;
  if (first === 'split') return splitOf(...rest);
  const part = [first, ...rest].reduce(
    (at, key) => at?.properties?.[key] ?? (at?.oneOf ?? at?.items?.oneOf)?.find(({ title }) => title === key),
    schema,
  );
  if (part?.properties) return part;
  throw new Error(`recipes/schema.json has no options called '${name}'`);
}

/** A split of a task, in a format where it has several: `split.retrieval.coco-captions`. */
function splitOf(task, format) {
  const { train } = schema.allOf.find(
    ({ if: condition }) => condition.properties.task.properties.kind.const === task,
  ).then.properties.data.properties;
  if (format === undefined) return train;
  return train.allOf.find(({ if: condition }) => condition.properties.format.const === format).then;
}

const code = (value) => `\`${JSON.stringify(value)}\``;

function boundsOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }) {
  const parts = [
    minimum !== undefined && `>= ${minimum}`,
    exclusiveMinimum !== undefined && `> ${exclusiveMinimum}`,
    maximum !== undefined && `<= ${maximum}`,
    exclusiveMaximum !== undefined && `< ${exclusiveMaximum}`,
  ].filter(Boolean);
  return parts.length > 0 ? ` ${parts.join(', ')}` : '';
}

function typeOf(option) {
  const { type, items, anyOf, oneOf, discriminator, format } = option;
  if ('const' in option) return code(option.const);
  if (option.enum) return option.enum.map(code).join(', ');
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (type === 'array') return items?.oneOf ? 'list of objects' : `list of ${typeOf(items)}`;
  if (oneOf) return `object with \`${discriminator.propertyName}\``;
  return `${format === 'path' ? 'path' : type}${boundsOf(option)}`;
}

const rows = ({ properties, required = [] }, isWhole = true, prefix = '') =>
  Object.entries(properties).flatMap(([key, option]) => {
    const name = `${prefix}${key}`;
    const standard = 'default' in option ? code(option.default) : required.includes(key) ? 'required' : '-';
    const meaning = String(option.description ?? '').replaceAll('|', '\\|');
    const own = `| \`${name}\` | ${typeOf(option)} | ${standard} | ${meaning} |`;
    const isNested = isWhole && option.additionalProperties === false && !option.oneOf;
    return isNested ? [own, ...rows(option, isWhole, `${name}.`)] : [own];
  });

/** Options as a Markdown table, nested ones too, but for the recipe itself, whose parts have tables of their own. */
const tableOf = (part) =>
  ['| key | type | default | meaning |', '|---|---|---|---|', ...rows(part, part !== schema)].join('\n');

// <!-- errors: recipes --> ... <!-- /errors --> is the table of a group of test/errors/messages.
const ERRORS = /<!-- errors: (\S+) -->\n[\s\S]*?<!-- \/errors -->/g;

/** Text as code in a cell of a table. */
function cell(text) {
  const fence = text.includes('`') ? '``' : '`';
  return `${fence}${text.replaceAll('|', '\\|')}${fence}`;
}

/** What was done, what was written or the command, and what was told, one wrong use a row. */
function errorTable(group) {
  const cases = JSON.parse(readFileSync(join(root, 'test/errors/messages', `${group}.json`), 'utf8'));
  const row = ({ title, wrote, command, told }) =>
    `| ${title}<br>${cell(wrote || command)} | ${told.map(cell).join('<br>')} |`;
  return ['| what was done | what is told |', '|---|---|', ...cases.map(row)].join('\n');
}

// <!-- fuzz --> ... <!-- /fuzz --> is the table of test/fuzz/record.jsonl.
const FUZZ = /<!-- fuzz -->\n[\s\S]*?<!-- \/fuzz -->/g;

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const inputsOf = (runs) => sum(runs.map(({ from, to }) => to - from));

/** What was done of some readers together; a run that did not measure something is left out of that figure. */
function fuzzRow(name, runs) {
  const timed = runs.filter(({ seconds }) => seconds > 0);
  const judged = runs.filter(({ accepted }) => accepted !== undefined);
  const pace = inputsOf(timed) / sum(timed.map(({ seconds }) => seconds));
  const right = (100 * sum(judged.map(({ accepted }) => accepted))) / inputsOf(judged);
  const findings = sum(runs.map((run) => run.findings));
  return `| ${name} | ${inputsOf(runs)} | ${findings} | ${right.toFixed(0)} % | ${pace.toFixed(0)} |`;
}

function fuzzTable() {
  const lines = readFileSync(join(root, 'test/fuzz/record.jsonl'), 'utf8').split('\n').filter(Boolean);
  const runs = lines.map((line) => JSON.parse(line));
  const readers = [...new Set(runs.map(({ reader }) => reader))].sort();
  const rows = readers.map((name) =>
    fuzzRow(
      name,
      runs.filter(({ reader }) => reader === name),
    ),
  );
  return [
    '| reader | inputs | findings | read as right | inputs a second of one core |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
    fuzzRow('all', runs),
  ].join('\n');
}

const render = (text) =>
  text
    .replace(FUZZ, () => `<!-- fuzz -->\n${fuzzTable()}\n<!-- /fuzz -->`)
    .replace(SECTION, (_, name) => `<!-- options: ${name} -->\n${tableOf(partOf(name))}\n<!-- /options -->`)
    .replace(ERRORS, (_, name) => `<!-- errors: ${name} -->\n${errorTable(name)}\n<!-- /errors -->`);

/** Writes the tables of options, of errors and of fuzzing into docs/*.md; with --check it only names the pages that are stale. */
function main(check) {
  const folder = join(root, 'docs');
  const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
  const stale = pages.filter((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const rendered = render(text);
    if (rendered !== text && !check) writeFileSync(join(folder, name), rendered);
    return rendered !== text;
  });
  for (const name of stale)
    console.log(`docs/${name} ${check ? 'is stale: node scripts/docs.mjs' : 'written'}`);
  return check && stale.length > 0 ? 1 : 0;
}

if (isMain(import.meta.url)) process.exitCode = main(process.argv.includes('--check'));
