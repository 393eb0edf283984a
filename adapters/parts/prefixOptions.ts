import type { LayerChoice, TowerChoice } from './layers.js';

export interface PrefixOptions {
  readonly length: number;
  readonly layers: LayerChoice;
  readonly stream: TowerChoice;
  /** Width of the hidden layer between embedding and prefix. */
  readonly reparameterization: 'none' | number;
  readonly dropout: number;
  readonly shiftPositions: boolean;
}
