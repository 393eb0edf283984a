export interface Ia3Options {
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
}
