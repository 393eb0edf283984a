import type { ParameterLookup } from './parameters.js';
import type { Hooks } from './sites.js';

/** What every layer reads: the parameters by their checkpoint names, and who listens at the sites. */
export interface Scope {
  readonly parameters: ParameterLookup;
  readonly hooks?: Hooks;
}
