import type { Json } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import { byType, countAt, objectAt, type Part, partsAt, refuse, textAt } from './fields.js';
import { LARGEST_ID } from './vocabulary.js';

/** A place of a template: special tokens, or all of one text. */
export type TemplatePiece =
  | { readonly ids: readonly number[]; readonly typeId: number }
  | { readonly of: 'text' | 'textPair'; readonly typeId: number };

/** What one text and two texts become. */
export interface Template {
  readonly single: readonly TemplatePiece[];
  readonly pair: readonly TemplatePiece[];
}

const text = (typeId: number) => ({ of: 'text', typeId }) as const;
const textPair = (typeId: number) => ({ of: 'textPair', typeId }) as const;

/** No special tokens: the second text has another type. */
const plain: Template = { single: [text(0)], pair: [text(0), textPair(1)] };

/** The id of `[token, id]`. */
function idAt({ value, where }: Part, key: string): number {
  const id = (value[key] as Json[] | undefined)?.[1];
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= LARGEST_ID) return id as number;
  return refuse(`${where}/${key}`, 'this must be a token and its id');
}

function bertTemplate(part: Part): Template {
  const [cls, sep] = [idAt(part, 'cls'), idAt(part, 'sep')];
  const special = (id: number, typeId: number) => ({ ids: [id], typeId });
  const single = [special(cls, 0), text(0), special(sep, 0)];
  return { single, pair: [...single, textPair(1), special(sep, 1)] };
}

/** RoBERTa (Liu et al. 2019) has one type, and two end tokens between two texts. */
function robertaTemplate(part: Part): Template {
  const special = (key: string): TemplatePiece => ({ ids: [idAt(part, key)], typeId: 0 });
  const [cls, sep] = [special('cls'), special('sep')];
  const single = [cls, text(0), sep];
  return { single, pair: [...single, sep, textPair(0), sep] };
}

function pieceOf(part: Part, specials: Part): TemplatePiece {
  const [kind] = Object.keys(part.value);
  const inside = objectAt(part, kind === 'Sequence' ? 'Sequence' : 'SpecialToken');
  const typeId = countAt(inside, 'type_id', 0);
  const id = textAt(inside, 'id');
  if (kind === 'Sequence') return { of: id === 'A' ? 'text' : 'textPair', typeId };
  const token = specials.value[id];
  const ids = isJsonObject(token) ? token.ids : undefined;
  const known = (one: Json) => Number.isInteger(one) && (one as number) >= 0 && (one as number) <= LARGEST_ID;
  if (Array.isArray(ids) && ids.every(known)) return { ids: ids as number[], typeId };
  return refuse(specials.where, `${JSON.stringify(id)} stands in the template and has no ids here`);
}

const timesOf = (pieces: readonly TemplatePiece[], name: string) =>
  pieces.filter((piece) => 'of' in piece && piece.of === name).length;

function template(part: Part): Template {
  const specials = objectAt({ ...part, value: { special_tokens: {}, ...part.value } }, 'special_tokens');
  const [single, pair] = (['single', 'pair'] as const).map((key) =>
    partsAt(part, key).map((piece) => pieceOf(piece, specials)),
  ) as [TemplatePiece[], TemplatePiece[]];
  if (timesOf(single, 'text') !== 1 || timesOf(single, 'textPair') !== 0)
    refuse(`${part.where}/single`, 'the text must stand in it once');
  if (timesOf(pair, 'text') !== 1 || timesOf(pair, 'textPair') !== 1)
    refuse(`${part.where}/pair`, 'each of both texts must stand in it once');
  return { single, pair };
}

const makers: Readonly<Record<string, (part: Part) => Template>> = {
  TemplateProcessing: template,
  BertProcessing: bertTemplate,
  RobertaProcessing: robertaTemplate,
  ByteLevel: () => plain, // it moves offsets alone
  Sequence: (part) => {
    const steps = partsAt(part, 'processors').map(createTemplate);
    const [framing, ...others] = steps.filter((step) => step !== plain);
    if (others.length > 0) refuse(part.where, 'more than one of these adds special tokens');
    return framing ?? plain;
  },
};

/** The template of a tokenizer.json's post-processor; without one there are no special tokens. */
export function createTemplate(part: Part | undefined): Template {
  return part ? byType(part, makers) : plain;
}
