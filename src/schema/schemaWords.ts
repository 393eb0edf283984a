import type { ErrorObject } from 'ajv';
import type { Problem } from '../base/errors.js';
import { grouped } from '../base/figures.js';
import { stringifyLossless } from '../base/losslessJson.js';
import { nearestName, suggest } from '../base/nearest.js';

/** Keys and array indexes from the root of a value. */
type Path = readonly (string | number)[];

/** What a schema refuses, in words. */
export interface SchemaFinding {
  readonly path: Path;
  /** Whether the key or its value is to blame. */
  readonly target: 'key' | 'value';
  readonly message: string;
  readonly expected?: string;
}

type Loose = Readonly<Record<string, unknown>>;

const show = (value: unknown): string => {
  const shown = typeof value === 'string' ? value.slice(0, 100) : value;
  const text = value === undefined ? 'undefined' : stringifyLossless(shown);
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

type Told = Pick<SchemaFinding, 'message'> &
  Partial<Pick<SchemaFinding, 'expected' | 'target'>> & { readonly key?: string };

/** Words for one error of a keyword. */
export type Explain = (error: ErrorObject) => Told;

const keysOf = (error: ErrorObject): string[] =>
  Object.keys((error.parentSchema?.properties as Loose | undefined) ?? {});

const unknownKey: Explain = (error) => {
  const key = String(error.params.additionalProperty);
  return { key, target: 'key', message: 'unknown key', expected: suggest(key, keysOf(error), 'known keys') };
};

/** Values of the key that chooses one of an object's schemas, where one does. */
function tagsOf({ parentSchema }: ErrorObject, key: string): unknown[] {
  const branches = (parentSchema?.oneOf ?? []) as { properties?: Record<string, Loose> }[];
  return branches.flatMap(({ properties = {} }) => {
    const tag = properties[key] ?? {};
    return (tag.enum as unknown[] | undefined) ?? ('const' in tag ? [tag.const] : []);
  });
}

const missingKey: Explain = (error) => {
  const key = String(error.params.missingProperty);
  const message = `the key ${show(key)} is missing`;
  const tags = tagsOf(error, key);
  if (tags.length > 0) return { message, expected: suggest(undefined, tags) };
  const schema = (error.parentSchema?.properties as Record<string, Loose> | undefined)?.[key];
  const what = schema?.description ? `: ${String(schema.description)}` : '';
  return { message: message + what.replace(/\.$/, '') };
};

const notOneOf =
  (known: (error: ErrorObject) => readonly unknown[]): Explain =>
  (error) => ({ message: `${show(error.data)} is not known`, expected: suggest(error.data, known(error)) });

const wrongKind: Explain = (error) => {
  const key = String(error.params.tag);
  const value: unknown = error.params.tagValue;
  return { key, message: `unknown ${key} ${show(value)}`, expected: suggest(value, tagsOf(error, key)) };
};

const limit =
  (words: string): Explain =>
  (error) => ({ message: `it is ${show(error.data)}`, expected: `${words} ${error.params.limit as number}` });

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value as object).length;

const size =
  (noun: string, words: string, other: string): Explain =>
  ({ data, params: { limit: n }, parentSchema }) => {
    const length = lengthOf(data);
    const exact = parentSchema?.[other] === n;
    return {
      message: `it has ${length} ${noun}${length === 1 ? '' : 's'}`,
      expected: `${exact ? 'exactly' : words} ${n as number}`,
    };
  };

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A number or a word of JSON that was put into quotes. */
function unquoted({ data, params }: ErrorObject): string {
  const types = [params.type].flat() as string[];
  const isNumber = types.some((type) => type === 'number' || type === 'integer');
  const quoted =
    typeof data === 'string' &&
    ((isNumber && JSON_NUMBER.test(data) && Number.isFinite(Number(data))) ||
      (types.includes('boolean') && ['true', 'false'].includes(data)));
  return quoted ? `: ${data as string}, without quotes` : '';
}

const wrongType: Explain = (error) => ({
  message: error.data === null ? 'it is null' : `it is ${article(typeOf(error.data))} (${show(error.data)})`,
  expected: `expected ${[error.params.type].flat().map(article).join(' or ')}${unquoted(error)}`,
});

const wrongPattern: Explain = ({ data, schema, parentSchema }) =>
  schema === '\\S'
    ? { message: 'it is blank', expected: 'expected a text' }
    : {
        message: `${show(data)} is not allowed`,
        expected: String(parentSchema?.description ?? schema).replace(/\.$/, ''),
      };

const noBranch: Explain = (error) => ({
  message: `it is ${show(error.data)}`,
  expected: `expected ${(error.schema as Loose[]).map(describe).join(', or ')}`,
});

/** Words by keyword. */
export type Explanations = Readonly<Record<string, Explain>>;

const explanations: Explanations = {
  additionalProperties: unknownKey,
  required: missingKey,
  discriminator: wrongKind,
  enum: notOneOf((error) => error.params.allowedValues as unknown[]),
  const: notOneOf((error) => [error.params.allowedValue]),
  type: wrongType,
  minimum: limit('at least'),
  exclusiveMinimum: limit('more than'),
  maximum: limit('at most'),
  exclusiveMaximum: limit('less than'),
  minLength: size('character', 'at least', 'maxLength'),
  maxLength: size('character', 'at most', 'minLength'),
  minItems: size('item', 'at least', 'maxItems'),
  maxItems: size('item', 'at most', 'minItems'),
  minProperties: size('key', 'at least', 'maxProperties'),
  uniqueItems: ({ params }) => ({
    message: `items ${params.j as number} and ${params.i as number} are equal`,
  }),
  pattern: wrongPattern,
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

/** A key that is missing because it was misspelt is told once, as an unknown key. */
function withoutMisspelt(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const meant = new Set(
    errors
      .filter(({ keyword }) => keyword === 'additionalProperties')
      .map((error) => {
        const nearest = nearestName(String(error.params.additionalProperty), keysOf(error));
        return `${error.instancePath} ${nearest}`;
      }),
  );
  return errors.filter(
    ({ keyword, instancePath, params }) =>
      keyword !== 'required' || !meant.has(`${instancePath} ${params.missingProperty}`),
  );
}

/** A value of another type than the words it must be one of is told once: which words those are. */
function withoutTypesOfWords(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const places = new Set(
    errors.filter(({ keyword }) => keyword === 'enum').map(({ instancePath }) => instancePath),
  );
  return errors.filter(
    ({ keyword, instancePath, parentSchema }) =>
      keyword !== 'type' || !places.has(instancePath) || !parentSchema?.enum,
  );
}

function findingOf(error: ErrorObject, root: unknown, explain: Explanations): SchemaFinding {
  const fallback: Explain = ({ message = 'it is not allowed' }) => ({ message });
  const named = error.propertyName === undefined ? {} : { key: error.propertyName, target: 'key' as const };
  const explained = (explain[error.keyword] ?? fallback)(error);
  const { key, target = 'value', ...told } = { ...explained, ...named };
  const path = pathOf(error.instancePath, root);
  return { ...told, target, path: key === undefined ? path : [...path, key] };
}

/** Errors of one rule that are told; the rest is counted. */
const MOST_OF_RULE = 50;

/** The first errors of each rule, and how many more there are of those that are left out. */
function firstOfEach(errors: readonly ErrorObject[]) {
  const counts = new Map<string, number>();
  const kept = errors.filter(({ schemaPath }) => {
    const count = (counts.get(schemaPath) ?? 0) + 1;
    counts.set(schemaPath, count);
    return count <= MOST_OF_RULE;
  });
  return { kept, left: errors.length - kept.length };
}

const moreOfTheSame = (left: number): SchemaFinding[] =>
  left === 0 ? [] : [{ path: [], target: 'value', message: `and ${grouped(left)} more of the same kind` }];

/**
 * Every error of a schema (ajv with `allErrors` and `verbose`) in words, consequences of others left out; of many of one rule the first ones, and how many more there
 * are.
 * @param own words for keywords that only the caller's schemas have
 */
export function explainErrors(
  errors: readonly ErrorObject[],
  root: unknown,
  own: Explanations = {},
): SchemaFinding[] {
  const explain = { ...explanations, ...own };
  const { kept, left } = firstOfEach(errors.filter((error) => !isConsequence(error)));
  const findings = collapse(withoutTypesOfWords(withoutMisspelt(kept))).map((error) =>
    findingOf(error, root, explain),
  );
  const unique = new Map(
    findings.map((finding) => [JSON.stringify([finding.path, finding.message]), finding]),
  );
  return [...unique.values(), ...moreOfTheSame(left)];
}

/** A place as a JSON pointer; empty for the root. */
const pointerOf = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/**
 * The same as problems whose places are JSON pointers.
 * @param pointer of the value in its file
 */
export const schemaProblems = (
  errors: readonly ErrorObject[] | null | undefined,
  root: unknown,
  pointer = '',
): Problem[] =>
  explainErrors(errors ?? [], root).map(({ path, target: _target, ...told }) => {
    const where = pointer + pointerOf(path);
    return { ...(where && { where }), ...told };
  });
