import type { JsonSchema } from '../../src/base/json.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Example, Splits } from '../example.js';
import type { ExampleKinds } from '../examples.js';

/** A format of files that gives examples of one kind: one file, and one line in `readers/index.ts`. */
export interface Reader<E extends Example = Example> {
  /** The format's name, as `format` of a split has it; unique among the readers of what it gives. */
  readonly kind: string;
  /** One line: whose format it is. */
  readonly description: string;
  /** What its examples are: a name of `ExampleKinds`, or one that a task of another package asks for. */
  readonly gives: string;
  /** Schema of one split of `data`, besides `format`. */
  readonly schema: JsonSchema;
  /** The splits of a folder by the official names of its files, their paths relative to it; a file may be missing. */
  recognise?(folder: FolderListing): Splits;
  /** Reads one split; throws UsageError with every problem of the files. */
  read(split: Readonly<Record<string, unknown>>): readonly E[] | Promise<readonly E[]>;
}

/** What a literal of a reader says: its `read` takes what its schema lets through. */
interface ReaderLiteral<Kind extends keyof ExampleKinds, Split>
  extends Omit<Reader<ExampleKinds[Kind]>, 'read'> {
  readonly gives: Kind;
  read(split: Split): readonly ExampleKinds[Kind][] | Promise<readonly ExampleKinds[Kind][]>;
}

/** Types the literal of a reader that gives examples of one of the kinds of this package. */
export const defineReader = <Kind extends keyof ExampleKinds, Split>(
  reader: ReaderLiteral<Kind, Split>,
): Reader<ExampleKinds[Kind]> => reader as unknown as Reader<ExampleKinds[Kind]>;

/** The key of a split that names its format. */
export const FORMAT = 'format';

type Split = Readonly<Record<string, unknown>>;

/** Schema of a split of one reader, its format among the keys. */
function schemaOf({ schema }: Reader, format: JsonSchema): JsonSchema {
  const { properties = {}, ...rest } = schema as { readonly properties?: JsonSchema };
  return { ...rest, properties: { ...properties, [FORMAT]: format } };
}

const WITHOUT_STOP = /\.$/;

function formatSchema(readers: readonly [Reader, ...Reader[]]): JsonSchema {
  const told = readers.map(({ kind, description }) => `${kind}, ${description.replace(WITHOUT_STOP, '')}`);
  return {
    enum: readers.map(({ kind }) => kind),
    description: `Format of the files: ${told.join('; or ')}. Default: ${readers[0].kind}.`,
    examples: readers.map(({ kind }) => kind),
  };
}

/**
 * Schema of a split that one of several readers reads: that of the format that it names, else that of the first. One
 * reader alone gives its own.
 */
export function splitSchemaOf(readers: readonly [Reader, ...Reader[]]): JsonSchema {
  const [first, ...others] = readers;
  const format = formatSchema(readers);
  if (others.length === 0) return schemaOf(first, format);
  const branch = (reader: Reader): JsonSchema => ({
    if: {
      type: 'object',
      // The first one is meant, too, where none is named.
      ...(reader !== first && { required: [FORMAT] }),
      properties: { [FORMAT]: { const: reader.kind } },
    },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: schemaOf(reader, format),
  });
  return { type: 'object', properties: { [FORMAT]: format }, allOf: readers.map(branch) };
}

/** The reader of a split: of the format that it names, else the first. */
const readerOf = (readers: readonly [Reader, ...Reader[]], split: Split | undefined): Reader =>
  readers.find(({ kind }) => kind === split?.[FORMAT]) ?? readers[0];

/** What a task says of the files of a split. */
interface Files {
  readonly readers?: readonly [Reader, ...Reader[]] | undefined;
  readonly dataSchema: JsonSchema;
}

/** Schema of a split in the format that it names, as one object whose `properties` are all of its keys. */
export function schemaOfSplit({ readers, dataSchema }: Files, split?: Split): JsonSchema {
  if (!readers || readers.length === 1) return dataSchema;
  return schemaOf(readerOf(readers, split), formatSchema(readers));
}

/** Reads a split in the format that it names. */
export function readSplit<E extends Example>(
  readers: readonly [Reader, ...Reader[]],
  split: Split,
): Promise<readonly E[]> {
  const { [FORMAT]: _format, ...files } = split;
  return Promise.resolve(readerOf(readers, split).read(files)) as Promise<readonly E[]>;
}

/** The splits of a folder in the first format that finds a training set there, which they name unless it is the default. */
export function recogniseAny(readers: readonly [Reader, ...Reader[]], folder: FolderListing): Splits {
  for (const reader of readers) {
    const splits = reader.recognise?.(folder) ?? {};
    if (!splits.train) continue;
    if (reader === readers[0]) return splits;
    const named = Object.entries(splits).map(([name, split]) => [name, { [FORMAT]: reader.kind, ...split }]);
    return Object.fromEntries(named) as Splits;
  }
  return readers[0].recognise?.(folder) ?? {};
}
