import type { Json } from '../base/json.js';

/** Values by their key; null: it has none, whatever was found. */
type Given = Readonly<Record<string, Json>>;

/**
 * What was answered, and nothing that follows from it: a file of answers is one of these, and what is missing takes its
 * default.
 */
export interface Answers {
  /** A shipped name, a folder, or a model of the hub that is in the cache. */
  readonly backbone?: string;
  readonly task?: string;
  /** Folder of the data, or `make emoji-scenes`. */
  readonly data?: string;
  /** What differs from what was recognised, by split; null: the split is left out. */
  readonly files?: Readonly<Record<string, Given | null>>;
  /** Kind and options of the regions that differ from what is proposed. */
  readonly regions?: Given;
  /** Kinds; none: the head alone trains. */
  readonly adapters?: readonly string[];
  /** Options by kind of adapter. */
  readonly options?: Readonly<Record<string, Given>>;
  /** Length, batch size, learning rate, seed. */
  readonly budget?: Given;
  readonly name?: string;
  /** Run folder. */
  readonly output?: string;
  /** The recipe's file. */
  readonly file?: string;
  /** Whether an earlier file and an earlier run of these names may be replaced. */
  readonly overwrite?: boolean;
  /** Whether the recipe is carried out once it is written. */
  readonly run?: boolean;
}
