import { inWords } from '../base/json.js';
import { formatPath, type Path, valueAt } from './path.js';

type Loose = Readonly<Record<string, unknown>>;

/** What other libraries call a key. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['lr', 'learningRate'],
  ['wd', 'weightDecay'],
  ['gradientaccumulationsteps', 'accumulate'],
  ['gradientaccumulation', 'accumulate'],
  ['maxgradnorm', 'clipNorm'],
  ['numepochs', 'epochs'],
  ['numtrainepochs', 'epochs'],
  ['maxlength', 'maxTextLength'],
]);

/** Letters and digits alone, so that `learning_rate` is `learningRate`. */
const plain = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The alternative of a schema that the value's kind chooses, or that of the default. */
function chosen(schema: Loose, value: unknown): Loose {
  const branches = schema.oneOf as readonly Loose[] | undefined;
  const tag = inWords(valueAt(schema, ['discriminator', 'propertyName']));
  if (!branches) return schema;
  const kind = valueAt(value, [tag]) ?? valueAt(schema, ['default', tag]);
  const found = branches.find((branch) => valueAt(branch, ['properties', tag, 'const']) === kind);
  return found ?? {};
}

/** The paths of every key below a schema, as the kinds in `value` have them. */
function* pathsOf(schema: Loose, value: unknown, at: Path): Generator<Path> {
  const properties = (chosen(schema, value).properties ?? {}) as Readonly<Record<string, Loose>>;
  for (const [key, inner] of Object.entries(properties)) {
    yield [...at, key];
    yield* pathsOf(inner, valueAt(value, [key]), [...at, key]);
  }
}

/** Where a recipe's schema has a key that is written elsewhere, or is called otherwise in other libraries. */
export function placesOfKey(key: string, schema: object, root: unknown): string[] {
  const name = plain(OTHER_NAMES.get(plain(key)) ?? key);
  const found = [...pathsOf(schema as Loose, root, [])].filter((path) => plain(String(path.at(-1))) === name);
  return found.map(formatPath);
}
