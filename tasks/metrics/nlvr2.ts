import { UsageError } from '../../src/base/errors.js';

/** How a sentence is judged; `tied`: both judgements are as likely, each is made in half of the cases. */
export type NlvrJudgement = boolean | 'tied';

/** What a sentence about a pair of pictures is: its identifier split-set-pair-sentence, and whether it is true. */
export interface NlvrLabel {
  readonly id: string;
  readonly label: boolean;
}

export interface NlvrReport {
  /** Share of the examples that are right. */
  readonly accuracy: number;
  /** Share of the sentences that are judged right for each of their pairs. */
  readonly consistency: number;
  /** Accuracy among the examples of each label. */
  readonly byLabel: Readonly<Record<string, { readonly value: number; readonly count: number }>>;
}

/** The identifier without its pair: what all pairs of one sentence share. */
export function sentenceOf(identifier: string): string {
  const parts = identifier.split('-');
  return [parts[0], parts[1], parts.at(-1)].join('-');
}

/** Chance that the judgement of a sentence with this label is right. */
export const rightShare = (judgement: NlvrJudgement | undefined, label: boolean): number =>
  judgement === 'tied' ? 0.5 : Number(judgement === label);

const mean = (values: readonly number[]) => ({
  value: values.reduce((sum, value) => sum + value, 0) / values.length,
  count: values.length,
});

/**
 * Accuracy and consistency of NLVR2 (Suhr et al. 2019, arXiv 1811.00491, section 6). Throws `UsageError` where there is
 * no example, or one without prediction.
 */
export function evaluateNlvr2(
  predictions: ReadonlyMap<string, NlvrJudgement>,
  labels: readonly NlvrLabel[],
): NlvrReport {
  if (labels.length === 0) throw new UsageError('NLVR2 accuracy needs at least one example');
  const missing = labels.filter(({ id }) => !predictions.has(id));
  if (missing.length > 0) {
    throw new UsageError(missing.map(({ id }) => ({ where: `example ${id}`, message: 'no prediction' })));
  }
  const isRight = ({ id, label }: NlvrLabel) => rightShare(predictions.get(id), label);
  const sentences = new Map<string, number>();
  for (const one of labels) {
    const sentence = sentenceOf(one.id);
    sentences.set(sentence, (sentences.get(sentence) ?? 1) * isRight(one));
  }
  const byLabel = [false, true].flatMap((wanted) => {
    const members = labels.filter(({ label }) => label === wanted);
    return members.length > 0 ? [[wanted ? 'True' : 'False', mean(members.map(isRight))] as const] : [];
  });
  return {
    accuracy: mean(labels.map(isRight)).value,
    consistency: mean([...sentences.values()]).value,
    byLabel: Object.fromEntries(byLabel),
  };
}
