import type { ParameterLookup } from './parameters.js';
import type { Hooks } from './sites.js';

/** Rates of dropout of a transformer while it is trained. */
export interface DropoutRates {
  readonly hidden: number;
  readonly attention: number;
}

/** What every layer reads: the parameters by their checkpoint names, and who listens at the sites. */
export interface Scope {
  readonly parameters: ParameterLookup;
  readonly hooks?: Hooks;
  /** Rates of dropout that the config names: of hidden states, and of attention probabilities; default 0. */
  readonly rates?: DropoutRates;
}
