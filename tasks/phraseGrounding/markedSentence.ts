/** A phrase of a sentence; `start` and `end` (exclusive) are UTF-16 units of the sentence's text. */
export interface MarkedPhrase {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The coreference chain that its mark names: phrases of one chain mean the same things. */
  readonly chain?: string;
  /** `people`, `clothing`, ...; none where its mark names none. */
  readonly types: readonly string[];
}

/** A sentence without its marks. */
export interface MarkedSentence {
  readonly text: string;
  /** In the order in which they begin. */
  readonly phrases: readonly MarkedPhrase[];
}

/** What is wrong with a mark, and where. */
export interface MarkProblem {
  /** 1-based. */
  readonly column: number;
  readonly message: string;
}

const NAMED = /^\/EN#(\d+)((?:\/[^/]+)*)$/;
const PARTS = /\[(\/[^\s[\]]*)?\s*|\]|[^[\]]+/g;

interface OpenMark {
  readonly column: number;
  readonly start: number;
  /** Its place among the phrases. */
  readonly place: number;
  readonly chain?: string;
  readonly types: readonly string[];
}

/**
 * Reads the marks of Flickr30k Entities, `[/EN#283585/people Two young guys] with [/EN#283587/bodyparts shaggy hair]`,
 * or brackets alone, `[Two young guys]`. Marks may lie in each other. A `]` that closes nothing is left out, as the
 * dataset's own MATLAB code does it. Runs of blanks become one.
 */
export function readMarks(line: string): MarkedSentence | MarkProblem {
  const open: OpenMark[] = [];
  const phrases: MarkedPhrase[] = [];
  let [text, count] = ['', 0];
  for (const { 0: part, 1: name, index } of line.matchAll(PARTS)) {
    if (part.startsWith('[')) {
      const [, chain, types = ''] = NAMED.exec(name ?? '') ?? [];
      if (name !== undefined && chain === undefined)
        return { column: index + 1, message: `'[${name.slice(0, 40)}' is not a mark of a phrase` };
      const named = { ...(chain !== undefined && { chain }), types: types.split('/').filter(Boolean) };
      open.push({ column: index + 1, start: text.length, place: count++, ...named });
    } else if (part === ']') {
      const mark = open.pop();
      if (!mark) continue;
      const { column, start, place, ...named } = mark;
      const end = text.trimEnd().length;
      if (end <= start) return { column, message: 'a mark without words' };
      phrases[place] = { text: text.slice(start, end), start, end, ...named };
    } else {
      if (part.includes('/EN#')) return { column: index + 1, message: "'/EN#' without a [ before it" };
      const words = part.replace(/\s+/g, ' ');
      text += text === '' || text.endsWith(' ') ? words.trimStart() : words;
    }
  }
  const [unclosed] = open;
  if (unclosed) return { column: unclosed.column, message: 'a [ that is not closed' };
  return { text: text.trimEnd(), phrases };
}
