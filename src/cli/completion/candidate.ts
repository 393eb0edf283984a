/** A word that may stand where a person pressed Tab. */
export interface Candidate {
  /** The whole word; one that ends with / = : or , goes on. */
  readonly value: string;
  readonly description?: string;
}

const LONGEST = 70;

/** The first sentence of a text, cut to what a terminal shows beside a word. */
function shortly(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const [sentence = ''] = text.split(/\.\s|;\s/);
  const plain = sentence.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}

/** A candidate with the beginning of its description, where it has one. */
export function candidate(value: string, description?: string): Candidate {
  const short = shortly(description);
  return short ? { value, description: short } : { value };
}
