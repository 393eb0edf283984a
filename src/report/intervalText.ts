import { metricFigure } from '../base/figures.js';
import type { Interval } from './interval.js';

/** `0.5810 to 0.6250`. */
export const rangeText = ({ low, high }: Pick<Interval, 'low' | 'high'>): string =>
  `${metricFigure(low)} to ${metricFigure(high)}`;

/** The range, how it was made and from how much. */
export const intervalText = (interval: Interval): string =>
  `${rangeText(interval)} (${interval.method === 'wilson' ? 'Wilson' : 'bootstrap'}, ${interval.examples} examples)`;
