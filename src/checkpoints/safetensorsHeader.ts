import type { Problem } from '../base/errors.js';
import { UsageError } from '../base/errors.js';
import { sizeOf } from '../base/hostTensor.js';
import { isJsonObject } from '../base/json.js';
import type { ByteSource } from './byteSource.js';
import type { TensorEntry } from './elementTypes.js';
import { areCounts, elementFormats, isElementType, isShape } from './elementTypes.js';

/** Largest header that is read, bytes: the limit of the format's own library. */
const LARGEST_HEADER = 100_000_000;

/** What stands before the tensors of a safetensors file. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

const tensorNamed = (name: string) => `tensor ${JSON.stringify(name)}`;

const COPY = 'copy it again';

/** What lies there in place of the file, as downloads leave it: a pointer of Git LFS, or a web page. */
function otherThing(source: ByteSource): { readonly message: string; readonly expected: string } | undefined {
  const start = new Uint8Array(Math.min(source.size, 64));
  source.read(start, 0);
  const text = Buffer.from(start).toString('latin1');
  if (text.startsWith('version https://git-lfs'))
    return { message: 'this is a pointer of Git LFS, not the file itself', expected: 'git lfs pull' };
  if (/^\s*<(!doctype|html)/i.test(text))
    return { message: 'this is a web page, not the file itself', expected: 'download it again' };
  return undefined;
}

/** Reads the header's bytes once their number is known to be in the file. */
function readHeaderText(source: ByteSource): { text: string; dataStart: number } {
  const refuse = (message: string, expected?: string) =>
    new UsageError({ file: source.name, message, ...(expected && { expected }) });
  const other = otherThing(source);
  if (other) throw refuse(other.message, other.expected);
  if (source.size < 8) throw refuse(`${source.size} bytes are too few for a safetensors file`, COPY);
  const prefix = new Uint8Array(8);
  source.read(prefix, 0);
  const claimed = new DataView(prefix.buffer).getBigUint64(0, true);
  if (claimed > LARGEST_HEADER) {
    throw refuse(`this is not a safetensors file: a header of ${claimed} bytes`, `at most ${LARGEST_HEADER}`);
  }
  const length = Number(claimed);
  if (length > source.size - 8) {
    throw refuse(`it is cut off: the header of ${length} bytes ends beyond the file of ${source.size}`, COPY);
  }
  const bytes = new Uint8Array(length);
  source.read(bytes, 8);
  try {
    return {
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      dataStart: 8 + length,
    };
  } catch {
    throw refuse('the header is not UTF-8');
  }
}

function parseObject(source: ByteSource, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value) && text.startsWith('{')) return value;
  } catch {
    // said below
  }
  throw new UsageError({
    file: source.name,
    message: 'the header is not a JSON object; is this safetensors?',
  });
}

/** The top-level keys of JSON that is known to be valid, repeated ones too. */
function* topLevelKeys(text: string): Generator<string> {
  const colon = /\s*:/y;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if ('{['.includes(character)) depth++;
    if ('}]'.includes(character)) depth--;
    if (character !== '"') continue;
    const start = i;
    for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
    colon.lastIndex = i + 1;
    if (depth === 1 && colon.test(text)) yield JSON.parse(text.slice(start, i + 1)) as string;
  }
}

/** The keys that stand twice, of which JSON.parse quietly keeps the last. */
function repeatedKeys(text: string): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const key of topLevelKeys(text)) (seen.has(key) ? repeated : seen).add(key);
  return [...repeated];
}

/** What is wrong with one entry on its own, or undefined. */
function entryProblem(value: unknown, dataSize: number): Omit<Problem, 'file' | 'where'> | undefined {
  if (!isJsonObject(value)) return { message: 'its entry is not an object' };
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isElementType(dtype)) {
    const expected = `one of ${Object.keys(elementFormats).join(', ')}`;
    return { message: `dtype ${JSON.stringify(dtype) ?? 'missing'}`, expected };
  }
  if (!isShape(shape)) return { message: 'its shape is not a list of dimensions from 0 on' };
  const [begin, end] = areCounts(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined || begin > end) {
    return { message: 'its data_offsets are not a begin and an end' };
  }
  if (end > dataSize) {
    const message = `it is cut off: its data end at ${end}, beyond the ${dataSize} bytes of the file`;
    return { message, expected: COPY };
  }
  const size = sizeOf(shape) * elementFormats[dtype].width;
  if (size === end - begin) return undefined;
  return {
    message: `${dtype} [${shape.join(', ')}] takes ${size} bytes, its data_offsets give ${end - begin}`,
  };
}

/** Tensors must follow each other without gap or overlap and fill the data; anything else can hide bytes. */
function layoutProblems(
  tensors: ReadonlyMap<string, TensorEntry>,
  start: number,
  fileSize: number,
): Problem[] {
  const ordered = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  const problems: Problem[] = [];
  let reached = start;
  for (const [name, { begin, end }] of ordered) {
    if (begin < reached)
      problems.push({ where: tensorNamed(name), message: 'its data overlap those before it' });
    if (begin > reached)
      problems.push({ where: tensorNamed(name), message: `a gap of ${begin - reached} bytes before it` });
    reached = Math.max(reached, end);
  }
  if (reached < fileSize) problems.push({ message: `${fileSize - reached} bytes after the last tensor` });
  return problems;
}

function readMetadata(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return {};
  const plain = isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string');
  return plain ? (value as Record<string, string>) : undefined;
}

/** Problems of one file that are told. */
const MOST_PROBLEMS = 20;

/** The first problems, and how many more there are. */
const firstOf = (problems: readonly Problem[]): Problem[] => {
  const more = problems.length - MOST_PROBLEMS;
  const first = problems.slice(0, MOST_PROBLEMS);
  return more > 0 ? [...first, { message: `${more} more problems like these` }] : first;
};

/**
 * Reads and checks the header of a safetensors file: every tensor's bytes are known to be in the file before any
 * memory is taken for them. Throws `UsageError` with all that is wrong.
 */
export function readSafetensorsHeader(source: ByteSource): SafetensorsHeader {
  const { text, dataStart } = readHeaderText(source);
  const { __metadata__: rawMetadata, ...entries } = parseObject(source, text);
  const problems: Problem[] = repeatedKeys(text).map((name) => ({
    message: `${tensorNamed(name)} stands there twice`,
  }));
  const metadata = readMetadata(rawMetadata);
  if (!metadata) problems.push({ where: '__metadata__', message: 'this is not a map of texts' });
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(entries)) {
    const problem = entryProblem(value, source.size - dataStart);
    if (problem) problems.push({ where: tensorNamed(name), ...problem });
    else tensors.set(name, placed(value as RawEntry, dataStart));
  }
  const all = problems.length > 0 ? problems : layoutProblems(tensors, dataStart, source.size);
  if (all.length > 0)
    throw new UsageError(firstOf(all).map((problem) => ({ file: source.name, ...problem })));
  return { metadata: metadata ?? {}, tensors };
}

interface RawEntry extends Pick<TensorEntry, 'dtype' | 'shape'> {
  readonly data_offsets: readonly [number, number];
}

const placed = ({ dtype, shape, data_offsets: [begin, end] }: RawEntry, dataStart: number): TensorEntry => ({
  dtype,
  shape,
  begin: dataStart + begin,
  end: dataStart + end,
});
