import type { Problem } from '../base/errors.js';
import type { Json, JsonSchema } from '../base/json.js';

/** The steps of the wizard, in their order; `jump` is only gone to. */
export type StepName =
  | 'backbone'
  | 'task'
  | 'data'
  | 'files'
  | 'regions'
  | 'adapters'
  | 'options'
  | 'budget'
  | 'names'
  | 'finish'
  | 'jump';

/** One of several things to take. */
export interface Choice {
  readonly value: string;
  /** What a list shows of it, column by column. */
  readonly cells: readonly string[];
  /** More, for the one that is looked at. */
  readonly description?: string;
  /** Why it can't be taken; absent: it can. */
  readonly refused?: string;
}

/** One value of several that are shown together, each with a default. */
export interface Field {
  /** Place among the answers of its step: `epochs`, `train.images`. */
  readonly key: string;
  readonly label: string;
  /** Undefined: there is none. */
  readonly value: Json | undefined;
  readonly description: string;
  readonly schema: JsonSchema;
  /** What is shown instead of the value; default: the value itself. */
  readonly shown?: string;
  /** Whether it must have a value before one can go on. */
  readonly needed?: boolean;
  /** Whether it can be left out, whatever was found. */
  readonly optional?: boolean;
}

interface Asked {
  readonly step: StepName;
  readonly title: string;
  /** What is wrong as it stands, before one tries to go on. */
  readonly wrong?: readonly Problem[];
  /** Lines above the question: what was found, what follows from the answers. */
  readonly facts?: readonly string[];
  /** Shown once, before it is asked: longer than a screen may be. */
  readonly report?: string;
}

/** One of a list, or what is typed where `free` says what may be. */
export interface ChooseOne extends Asked {
  readonly kind: 'one';
  readonly choices: readonly Choice[];
  readonly byDefault?: string;
  readonly free?: string;
}

/** Any number of a list. */
export interface ChooseMany extends Asked {
  readonly kind: 'many';
  /** Headings of the columns. */
  readonly headings: readonly string[];
  readonly choices: readonly Choice[];
  readonly byDefault: readonly string[];
}

/** Values that are right as they stand, or are changed one by one. */
export interface Form extends Asked {
  readonly kind: 'form';
  /** What is taken with the form, in a few words. */
  readonly summary: string;
  readonly fields: readonly Field[];
}

export type Question = ChooseOne | ChooseMany | Form;

/** What a person, or answers that were written before, say to a question. */
export type Reply =
  | { readonly kind: 'one'; readonly value: string }
  | { readonly kind: 'many'; readonly values: readonly string[] }
  /** The form is right as it stands. */
  | { readonly kind: 'accept' }
  /** One field of a form; null: it has no value. */
  | { readonly kind: 'change'; readonly key: string; readonly value: Json }
  | { readonly kind: 'back' };
