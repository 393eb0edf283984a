import type { Adapter } from '../../adapters/adapter.js';
import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { AdapterEntry } from '../model/attach.js';
import { parseValue } from '../recipe/override.js';
import { splitOutside } from './splitOutside.js';
import { gatherProblems, type Variant, type Variants } from './variant.js';

/** What trains besides the head: `lora:rank=8+bottleneck` or `none`, one adapter, or several together. */
export type AdapterChoice = string | AdapterEntry | readonly AdapterEntry[];

/** The name of the variant that trains the head alone. */
export const HEAD_ONLY = 'none';

const FORMS = 'a kind, kind:option=value,option=value, a JSON object, several of these joined by +, or none';

/** A text that is no adapter, and why. */
class Malformed extends Error {}

interface Form {
  readonly type?: unknown;
  readonly const?: unknown;
}

type Options = Readonly<Record<string, (Form & { readonly anyOf?: readonly Form[] }) | undefined>>;

type Adapters = readonly Pick<Adapter<unknown>, 'kind' | 'schema'>[];

const optionsOf = (kind: string, adapters: Adapters): Options =>
  (adapters.find((one) => one.kind === kind)?.schema.properties ?? {}) as Options;

/** The value as the option's schema takes it: text stays text, and one item may stand for a list of it. */
function optionValue(kind: string, key: string, text: string, adapters: Adapters): Json {
  const option = optionsOf(kind, adapters)[key];
  if (key === 'name' || option?.type === 'string') return text;
  const value = parseValue(text) as Json;
  const forms = option?.anyOf ?? (option ? [option] : []);
  const isWord = forms.some((form) => form.const !== undefined && form.const === value);
  const isList = forms.some(({ type }) => type === 'array');
  return isList && !isWord && !Array.isArray(value) ? [value] : value;
}

function parseOption(kind: string, text: string, adapters: Adapters): [string, Json] {
  const [, key, value] = /^([A-Za-z]\w*)=(.+)$/s.exec(text) ?? [];
  if (!key || value === undefined) throw new Malformed(`${JSON.stringify(text)} is not option=value`);
  return [key, optionValue(kind, key, value, adapters)];
}

const isEntry = (value: unknown): value is AdapterEntry =>
  typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string';

function parseObject(text: string): AdapterEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed(`${text} is not JSON`);
  }
  if (!isEntry(value)) throw new Malformed(`${text} has no "kind"`);
  return value;
}

function parseEntry(text: string, adapters: Adapters): AdapterEntry {
  if (text.startsWith('{')) return parseObject(text);
  const [, kind, options] = /^([A-Za-z][\w-]*)(?::(.*))?$/s.exec(text) ?? [];
  if (!kind) throw new Malformed(text === '' ? 'it is empty' : `${JSON.stringify(text)} is not an adapter`);
  const given = options === undefined ? [] : splitOutside(options, ',');
  return { kind, ...Object.fromEntries(given.map((option) => parseOption(kind, option, adapters))) };
}

/** `lora:rank=8,alpha=16+bottleneck` as entries of a recipe. */
const parseCombination = (text: string, adapters: Adapters): AdapterEntry[] =>
  text === HEAD_ONLY ? [] : splitOutside(text, '+', /^\s*[A-Za-z{]/).map((one) => parseEntry(one, adapters));

/** One text a variant; a comma before `option=` belongs to the options before it. */
const splitVariants = (text: string): string[] => splitOutside(text, ',', /^(?!\s*[A-Za-z]\w*=)/);

/** A list of one item is told as the item, which `optionValue` makes a list of again. */
function show(value: unknown): string {
  if (Array.isArray(value) && value.length === 1) return show(value[0]);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function entryName({ kind, ...options }: AdapterEntry): string {
  const told = Object.entries(options).filter(([, value]) => value !== undefined);
  return [kind, told.map(([key, value]) => `${key}=${show(value)}`).join(',')].filter(Boolean).join(':');
}

/** How a combination is called: what a person would write. */
const nameOf = (entries: readonly AdapterEntry[]): string =>
  entries.length === 0 ? HEAD_ONLY : entries.map(entryName).join('+');

const variantOf = (entries: readonly AdapterEntry[], flag: string): Variant => ({
  name: nameOf(entries),
  changes: [{ path: ['adapters'], value: entries, flag }],
});

function variantFrom(choice: AdapterChoice, adapters: Adapters): Variant {
  if (typeof choice !== 'string') {
    const entries = [choice].flat() as AdapterEntry[];
    return variantOf(entries, `--adapters ${nameOf(entries)}`);
  }
  const flag = `--adapters ${choice}`;
  try {
    return variantOf(parseCombination(choice, adapters), flag);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new UsageError({ file: flag, message: error.message, expected: FORMS });
  }
}

/** Variants of adapters; a text may hold several, by commas. */
export function adapterVariants(choices: readonly AdapterChoice[], adapters: Adapters): Variants {
  const single = choices.flatMap((choice): readonly AdapterChoice[] =>
    typeof choice === 'string' ? splitVariants(choice) : [choice],
  );
  const { made, problems } = gatherProblems(single, (choice) => variantFrom(choice, adapters));
  return { variants: made, problems };
}
