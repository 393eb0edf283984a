import {
  _,
  type Ajv2020,
  type CodeKeywordDefinition,
  type KeywordCxt,
  Name,
  nil,
  type ValidateFunction,
} from 'ajv/dist/2020.js';
import { callValidateCode } from 'ajv/dist/vocabularies/code.js';
import type { JsonSchema } from '../base/json.js';

interface Branch extends JsonSchema {
  readonly properties: Readonly<Record<string, { readonly const?: unknown; readonly enum?: unknown[] }>>;
}

/** The branches of a schema by the values of the key that chooses one. */
function branchesOf(oneOf: readonly Branch[], key: string): Map<unknown, Branch> {
  const entries = oneOf.flatMap((branch) => {
    const { const: only, enum: several = [only] } = branch.properties[key]!;
    return several.map((value) => [value, branch] as const);
  });
  return new Map(entries);
}

/** What the code that ajv makes calls its errors, and their number. */
const [ERRORS, COUNT] = [new Name('vErrors'), new Name('errors')];

/** Calls the check of the branch that the value chooses; an error where it chooses none. */
function checkBranch(cxt: KeywordCxt, ajv: Ajv2020): void {
  const { gen, data, schema, parentSchema } = cxt;
  const { propertyName: key } = schema as { propertyName: string };
  const branches = branchesOf(parentSchema.oneOf as Branch[], key);
  const checkFor = (tag: unknown): ValidateFunction | undefined =>
    branches.has(tag) ? ajv.compile(branches.get(tag) as Branch) : undefined;
  const tag = gen.const('tag', _`${data}[${key}]`);
  const check = gen.const('check', _`${gen.scopeValue('keyword', { ref: checkFor })}(${tag})`);
  gen.if(
    _`${check} === undefined`,
    () => cxt.error(false, { tag, key }),
    () =>
      gen.if(_`!${callValidateCode(cxt, check, nil)}`, () => {
        gen.assign(ERRORS, _`${ERRORS} === null ? ${check}.errors : ${ERRORS}.concat(${check}.errors)`);
        gen.assign(COUNT, _`${ERRORS}.length`);
      }),
  );
}

const definition = (ajv: Ajv2020): CodeKeywordDefinition => ({
  keyword: 'discriminator',
  type: 'object',
  schemaType: 'object',
  error: {
    message: 'the value chooses no schema',
    params: ({ params: { tag, key } }) => _`{tag: ${key as string}, tagValue: ${tag as never}}`,
  },
  code: (cxt) => checkBranch(cxt, ajv),
});

/**
 * Has ajv compile a branch of OpenAPI's `discriminator` when a value first chooses it: a schema has many branches, and a
 * value needs few. Where a value chooses none, the error's params are `tag`, the key, and `tagValue`.
 * @param ajv made with `discriminator: true`
 */
export function lazyDiscriminator(ajv: Ajv2020): Ajv2020 {
  ajv.removeKeyword('discriminator');
  return ajv.addKeyword(definition(ajv));
}
