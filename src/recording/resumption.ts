/** Where a run goes on: what was logged after it will be logged again. */
export interface Resumption {
  /** Updates that are done. */
  readonly step: number;
  /** The evaluation after the last of them is still to come. */
  readonly evaluationDue: boolean;
}

/** Whether something that was logged stands before the point where a run goes on. */
export const isBefore = (
  { step, evaluationDue }: Resumption,
  logged: { readonly step: number; readonly split: string },
): boolean => logged.step < step || (logged.step === step && (logged.split === 'train' || !evaluationDue));
