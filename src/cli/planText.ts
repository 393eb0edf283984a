import type { RunPlan } from '../plan/runPlan.js';

/** A plan as a person reads it, in 80 columns. */
export const formatPlan = (plan: RunPlan): string => JSON.stringify(plan, null, 2);
