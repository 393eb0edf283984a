import type { ErrorObject } from 'ajv';
import type { Problem } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import { type Check, lazyCheck } from '../../src/schema/lazyCheck.js';
import { schemaCompiler } from '../../src/schema/schemaCompiler.js';
import { schemaProblems } from '../../src/schema/schemaWords.js';

const ajv = schemaCompiler({ allowUnionTypes: true });

/** A check of one item of a dataset's list. */
export type ItemCheck<Item> = Check<Item>;

/** A check by a schema of items. */
export const itemCheck = <Item>(schema: JsonSchema): ItemCheck<Item> =>
  lazyCheck(() => ajv.compile<Item>(schema));

/** An id as datasets write it: a whole number, beyond 2^53 a bigint, or a text. */
export type DatasetId = number | string | bigint;

interface IdCheck {
  (schema: unknown, value: unknown): boolean;
  errors?: Partial<ErrorObject>[];
}

const checkId: IdCheck = (_schema, value) => {
  const isWhole = Number.isInteger(value);
  if (typeof value === 'string' || typeof value === 'bigint' || Number.isSafeInteger(value)) return true;
  const keyword = isWhole ? 'datasetId' : 'type';
  const message = 'digits of this id are lost: it is beyond 2^53 and written with a point or an exponent';
  checkId.errors = [{ keyword, message, params: { type: ['integer', 'string'] } }];
  return false;
};
ajv.addKeyword({ keyword: 'datasetId', errors: 'full', validate: checkId });

/** Schema of a DatasetId. */
export const idSchema = { datasetId: true } as const;

/**
 * What is wrong with the item that was checked last.
 * @param where JSON pointer of the item; empty for a whole file or line
 */
export const itemProblems = (
  place: Pick<Problem, 'file' | 'line'>,
  where: string,
  item: unknown,
  { errors }: Pick<ItemCheck<never>, 'errors'>,
): Problem[] => schemaProblems(errors, item, where).map((problem) => ({ ...place, ...problem }));

export interface Listed<Item> {
  readonly item: Item;
  /** JSON pointer of the item. */
  readonly where: string;
}

/** The items of the list `key` of a JSON object that pass the check; every other one adds its problems. */
export function listItems<Item>(
  file: string,
  value: unknown,
  key: string,
  check: ItemCheck<Item>,
  problems: Problem[],
): Listed<Item>[] {
  const list = (value as Readonly<Record<string, unknown>> | null)?.[key];
  if (!Array.isArray(list)) {
    problems.push({
      file,
      where: `/${key}`,
      message: 'there is no such list',
      expected: `{"${key}": [...]}`,
    });
    return [];
  }
  return list.flatMap((item: unknown, index): Listed<Item>[] => {
    const where = `/${key}/${index}`;
    if (check(item)) return [{ item, where }];
    addAll(problems, itemProblems({ file }, where, item, check));
    return [];
  });
}

/** Adds a problem for each item whose id came before. */
export function checkUnique<Item>(
  file: string,
  items: readonly Listed<Item>[],
  name: string,
  idOf: (item: Item) => DatasetId,
  problems: Problem[],
): void {
  const first = new Map<string, string>();
  for (const { item, where } of items) {
    const id = String(idOf(item));
    const before = first.get(id);
    if (before) problems.push({ file, where, message: `${name} ${id} is already used at ${before}` });
    else first.set(id, where);
  }
}
