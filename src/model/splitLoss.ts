import { named } from './notFinite.js';
import { sharesOf } from './shares.js';
import type { StepReport } from './updateReport.js';
import { summariseUpdate } from './updateReport.js';

/** The loss of one batch. */
export interface BatchLoss extends Pick<StepReport, 'loss' | 'parts' | 'sums'> {
  readonly ids: readonly string[];
  /** As `Task.counts`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The loss of a split, or what a person should know of it. */
interface SplitLoss {
  readonly loss?: number;
  readonly notes?: readonly string[];
}

/** The loss where every example has one, that of one batch of all of them; or a note that it is not finite. */
export function lossOfAll(losses: readonly BatchLoss[], examples: number): SplitLoss {
  const wrong = losses.filter(({ loss }) => !Number.isFinite(loss));
  if (wrong.length > 0) {
    const of = named(wrong.flatMap(({ ids }) => ids));
    return { notes: [`the loss is ${wrong[0]?.loss} for ${of}, though what it is made from is finite`] };
  }
  if (losses.reduce((sum, { ids }) => sum + ids.length, 0) < examples || losses.length === 0) return {};
  const shares = sharesOf(losses.map(({ counts }) => counts));
  const reports = losses.map((report, at) => ({
    report,
    weight: report.ids.length / examples,
    weights: shares[at] as Readonly<Record<string, number>>,
  }));
  return { loss: summariseUpdate(reports).loss };
}
