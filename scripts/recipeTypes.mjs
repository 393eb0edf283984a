import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root } from './run.mjs';

const TARGET = 'src/recipe/recipeTypes.ts';

const comment = ({ description }) => (description ? `/** ${description.replaceAll('*/', '* /')} */\n` : '');

const literals = (values) => values.map((value) => JSON.stringify(value)).join(' | ');

const union = (types) => [...new Set(types)].map((type) => `(${type})`).join(' | ');

/** The members of an object; those with a default may be left out. */
function members({ properties = {}, required = [] }) {
  return Object.entries(properties).map(([key, schema]) => {
    const optional = required.includes(key) ? '' : '?';
    return `${comment(schema)}readonly ${JSON.stringify(key)}${optional}: ${typeOf(schema)};`;
  });
}

/** The format conditions of a split: each branch is one format, the first of which may be left unnamed. */
const formats = ({ allOf }) =>
  allOf.map(({ if: condition, then }) => {
    const isNamed = (condition.required ?? []).includes('format');
    const format = {
      const: condition.properties.format.const,
      description: then.properties.format.description,
    };
    const required = [...(then.required ?? []), ...(isNamed ? ['format'] : [])];
    return typeOf({ ...then, properties: { ...then.properties, format }, required });
  });

/** A JSON Schema of the kinds that recipes have, as a type of what may be written. */
function typeOf(schema) {
  const { type, enum: words, anyOf, oneOf, allOf, items, properties, additionalProperties } = schema;
  if ('const' in schema) return literals([schema.const]);
  if (words) return literals(words);
  if (anyOf) return union(anyOf.map((one) => typeOf({ ...one, type: one.type ?? type })));
  if (oneOf) return union(oneOf.map(typeOf));
  if (allOf?.some(({ if: condition }) => condition?.properties?.format)) return union(formats(schema));
  if (type === 'array') return `readonly (${items ? typeOf(items) : 'Json'})[]`;
  if (properties) return `{\n${members(schema).join('\n')}\n}`;
  if (type === 'object') {
    const inner = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'Json';
    return `{ readonly [key: string]: ${inner} }`;
  }
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one })));
  return (
    { integer: 'number', number: 'number', string: 'string', boolean: 'boolean', null: 'null' }[type] ??
    'Json'
  );
}

/** What a recipe has besides its task and the files of its splits. */
function base({ properties, required }) {
  const { task: _task, data: _data, ...rest } = properties;
  return `/** What every recipe may have. */\ninterface RecipeBase { ${members({ properties: rest, required }).join('\n')} }`;
}

/** The files of the splits, in a format of the task's readers, and how they are read. */
function data({ properties }) {
  const { train: _train, validation: _validation, test: _test, ...rest } = properties;
  const splits = ['train', 'validation?', 'test?'].map((name) => `readonly ${name}: Split;`);
  return `interface Data<Split> { ${[...splits, ...members({ properties: rest })].join('\n')} }`;
}

/** One branch a task: its options, and the files that its readers take. */
const branches = ({ properties, allOf }) =>
  properties.task.oneOf.map((task) => {
    const kind = task.title;
    const rule = allOf.find(({ if: condition }) => condition.properties.task.properties.kind.const === kind);
    const { train } = rule.then.properties.data.properties;
    return `{ readonly task: ${typeOf(task)}; readonly data: Data<${typeOf(train)}> }`;
  });

/** The module of types, not yet formatted. */
export function recipeTypes() {
  const schema = JSON.parse(readFileSync(join(root, 'recipes/schema.json'), 'utf8'));
  return `// Made by node scripts/recipeTypes.mjs from recipes/schema.json.
import type { Json } from '../base/json.js';

${base(schema)}

/** What is read. */
${data(schema.properties.data)}

/** What a recipe learns, and from which files. */
type TaskAndData = ${branches(schema).join(' | ')};

/** A recipe as it is written, of what this package has: what is left out takes its default. */
export type RecipeInput = RecipeBase & TaskAndData;
`;
}

if (isMain(import.meta.url)) writeFileSync(join(root, TARGET), recipeTypes());
