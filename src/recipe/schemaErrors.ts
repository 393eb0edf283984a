import type { ErrorObject } from 'ajv';
import { suggest } from './nearest.js';
import type { Path } from './path.js';
import type { Finding } from './source.js';

type Loose = Readonly<Record<string, unknown>>;

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

/** What a schema accepts, in a few words. */
function describe(schema: Loose): string {
  if ('const' in schema) return show(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map(show).join(' or ');
  const { type, items } = schema as { type?: string; items?: Loose };
  if (type === 'array' && items?.type) return `an array of ${items.type as string}s`;
  if (type === 'object')
    return `an object with ${Object.keys((schema.properties as Loose) ?? {}).join(', ')}`;
  return type ? article(type) : 'something else';
}

/** The path of a JSON pointer; whether a part is a key or an index is read from the value. */
export function pathOf(pointer: string, root: unknown): Path {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(value) ? Number(name) : name;
      value = (value as Loose | undefined)?.[key];
      return key;
    });
}

type Told = Pick<Finding, 'message'> &
  Partial<Pick<Finding, 'expected' | 'target'>> & { readonly key?: string };
type Explain = (error: ErrorObject) => Told;

const keysOf = (error: ErrorObject): string[] =>
  Object.keys((error.parentSchema?.properties as Loose | undefined) ?? {});

const unknownKey: Explain = (error) => {
  const key = String(error.params.additionalProperty);
  return { key, target: 'key', message: 'unknown key', expected: suggest(key, keysOf(error), 'known keys') };
};

const missingKey: Explain = (error) => {
  const key = String(error.params.missingProperty);
  const schema = (error.parentSchema?.properties as Record<string, Loose> | undefined)?.[key];
  const what = schema?.description ? `: ${String(schema.description)}` : '';
  return { message: `the key ${show(key)} is missing${what.replace(/\.$/, '')}` };
};

const notOneOf =
  (known: (error: ErrorObject) => readonly unknown[]): Explain =>
  (error) => ({ message: `${show(error.data)} is not known`, expected: suggest(error.data, known(error)) });

const wrongKind: Explain = (error) => {
  const key = String(error.params.tag);
  const branches = (error.parentSchema?.oneOf ?? []) as { properties: Record<string, Loose> }[];
  const known = branches.flatMap(({ properties }) => {
    const tag = properties[key] ?? {};
    return (tag.enum as unknown[] | undefined) ?? [tag.const];
  });
  const value: unknown = error.params.tagValue;
  return { key, message: `unknown ${key} ${show(value)}`, expected: suggest(value, known) };
};

const limit =
  (words: string): Explain =>
  (error) => ({ message: `it is ${show(error.data)}`, expected: `${words} ${error.params.limit as number}` });

const size =
  (noun: string, words: string): Explain =>
  ({ params: { limit: n } }) => ({
    message: `it has too ${words === 'at least' ? 'few' : 'many'} ${noun}s`,
    expected: `${words} ${n as number}`,
  });

const missingPath: Explain = ({ data }) => ({
  message: `there is no file or folder ${show(data)}`,
  expected: String(data).startsWith('data/emoji-scenes/')
    ? 'vlgraft data make emoji-scenes'
    : 'a path from the working directory',
});

const noBranch: Explain = (error) => ({
  message: `it is ${show(error.data)}`,
  expected: `expected ${(error.schema as Loose[]).map(describe).join(', or ')}`,
});

const explanations: Readonly<Record<string, Explain>> = {
  additionalProperties: unknownKey,
  required: missingKey,
  discriminator: wrongKind,
  enum: notOneOf((error) => error.params.allowedValues as unknown[]),
  const: notOneOf((error) => [error.params.allowedValue]),
  type: (error) => ({
    message: `it is ${article(typeOf(error.data))} (${show(error.data)})`,
    expected: `expected ${[error.params.type].flat().map(article).join(' or ')}`,
  }),
  minimum: limit('at least'),
  exclusiveMinimum: limit('more than'),
  maximum: limit('at most'),
  exclusiveMaximum: limit('less than'),
  minLength: size('character', 'at least'),
  maxLength: size('character', 'at most'),
  minItems: size('item', 'at least'),
  maxItems: size('item', 'at most'),
  minProperties: size('key', 'at least'),
  uniqueItems: ({ params }) => ({
    message: `items ${params.j as number} and ${params.i as number} are equal`,
  }),
  pattern: (error) => ({
    message: `${show(error.data)} is not allowed`,
    expected: String(error.parentSchema?.description ?? error.schema).replace(/\.$/, ''),
  }),
  format: missingPath,
  anyOf: noBranch,
  oneOf: noBranch,
};

const isInside = (inner: ErrorObject, outer: ErrorObject): boolean =>
  inner.schemaPath.startsWith(`${outer.schemaPath}/`) &&
  (inner.instancePath === outer.instancePath || inner.instancePath.startsWith(`${outer.instancePath}/`));

const rejectsKind = (error: ErrorObject, pointer: string): boolean =>
  error.instancePath === pointer && ['type', 'enum', 'const'].includes(error.keyword);

const isAlternative = ({ keyword }: ErrorObject): boolean => keyword === 'anyOf' || keyword === 'oneOf';

/** Of an alternative that no branch accepts: the errors of the one branch that accepts this kind of value, else its own. */
function tellAlternative(outer: ErrorObject, inner: readonly ErrorObject[]): readonly ErrorObject[] {
  const branchOf = (error: ErrorObject) => error.schemaPath.slice(outer.schemaPath.length + 1).split('/')[0];
  const wrong = new Set(inner.filter((error) => rejectsKind(error, outer.instancePath)).map(branchOf));
  const near = inner.filter((error) => !wrong.has(branchOf(error)));
  return new Set(near.map(branchOf)).size === 1 ? collapse(near) : [outer];
}

/** Errors without those that only follow from an alternative's other branches. */
function collapse(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const alternatives = errors.filter(isAlternative);
  const outermost = alternatives.filter((error) => !alternatives.some((other) => isInside(error, other)));
  const apart = errors.filter(
    (error) => !outermost.some((outer) => error === outer || isInside(error, outer)),
  );
  const told = outermost.flatMap((outer) =>
    tellAlternative(
      outer,
      errors.filter((error) => isInside(error, outer)),
    ),
  );
  return [...apart, ...told];
}

/** `if` and `propertyNames` only say that something in them failed, and a missing kind is told as a missing key. */
const isConsequence = ({ keyword, params }: ErrorObject): boolean =>
  keyword === 'if' ||
  keyword === 'propertyNames' ||
  (keyword === 'discriminator' && params.tagValue === undefined);

function findingOf(error: ErrorObject, root: unknown): Finding {
  const fallback: Explain = ({ message = 'it is not allowed' }) => ({ message });
  const named = error.propertyName === undefined ? {} : { key: error.propertyName, target: 'key' as const };
  const explained = (explanations[error.keyword] ?? fallback)(error);
  const { key, target = 'value', ...told } = { ...explained, ...named };
  const path = pathOf(error.instancePath, root);
  return { ...told, target, path: key === undefined ? path : [...path, key] };
}

/** Every error of a schema (ajv with `allErrors` and `verbose`) as a finding, consequences of others left out. */
export function explainErrors(errors: readonly ErrorObject[], root: unknown): Finding[] {
  const findings = collapse(errors.filter((error) => !isConsequence(error))).map((error) =>
    findingOf(error, root),
  );
  const unique = new Map(
    findings.map((finding) => [JSON.stringify([finding.path, finding.message]), finding]),
  );
  return [...unique.values()];
}
