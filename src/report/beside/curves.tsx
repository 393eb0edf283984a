import type { JSX } from 'preact';
import { metricFigure } from '../../base/figures.js';
import { type ChartSeries, drawChart } from '../chart.js';
import { curvesOf } from '../curves.js';
import { Above, Markup, Section } from '../parts.js';
import type { RunRecord } from '../runRecord.js';
import { type Point, smooth, thin } from '../series.js';
import { type StartAbove, startAbove } from '../startAbove.js';
import { letterOf } from './letters.js';

/** Colours of the page's style. */
const COLOURS = 6;
/** Runs are told apart by dashes too. */
const DASHES: readonly (readonly number[] | undefined)[] = [
  undefined,
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [12, 3],
  [4, 6],
];

/** Points up to which each is drawn: of a single one there is no line. */
const DOTTED = 30;

const colourOf = (at: number) => (at % COLOURS) + 1;
const dashOf = (at: number) => DASHES[at % DASHES.length];

/** One curve of every run that has it. */
interface Overlaid {
  readonly title: string;
  /** What was set and not measured. */
  readonly exact: boolean;
  readonly runs: readonly { readonly at: number; readonly points: readonly Point[] }[];
}

/** Curves of training and evaluations apart, those of all runs together. */
function overlaid(runs: readonly RunRecord[]): Overlaid[] {
  const found = new Map<string, { exact: boolean; runs: { at: number; points: readonly Point[] }[] }>();
  const add = (title: string, at: number, points: readonly Point[], exact = false) => {
    const own = found.get(title)?.runs ?? [];
    if (points.length > 0) found.set(title, { exact, runs: [...own, { at, points }] });
  };
  for (const [at, run] of runs.entries())
    for (const { title, train, validation, exact } of curvesOf(run)) {
      const both = train.length > 0 && validation.length > 0;
      add(both ? `${title}, training` : title, at, exact ? train : smooth(train), exact);
      add(both ? `${title}, validation` : title, at, validation);
    }
  return [...found].map(([title, own]) => ({ title, ...own }));
}

interface Drawn extends Overlaid {
  readonly svg: string;
  readonly above: StartAbove | undefined;
}

/** Draws the curves of all runs over each other. */
export const drawOverlaid = (runs: readonly RunRecord[]): Promise<Drawn[]> =>
  Promise.all(
    overlaid(runs).map(async (curve) => {
      const series = curve.runs.flatMap(({ at, points }): ChartSeries[] => {
        const dash = dashOf(at);
        const all = { points: thin(points), colour: colourOf(at) };
        const line: ChartSeries = { ...all, mark: 'line', ...(dash && { dash }) };
        return points.length > DOTTED ? [line] : [line, { ...all, mark: 'points' }];
      });
      const above = curve.exact ? undefined : startAbove(curve.runs.flatMap(({ points }) => points));
      return { ...curve, above, svg: await drawChart({ series, above }) };
    }),
  );

const lastText = ({ at, points }: Overlaid['runs'][number]): string => {
  const last = points.at(-1);
  return last ? `${letterOf(at)} ${metricFigure(last.y)} at step ${last.x}` : '';
};

/** The curves of all runs. */
export const Curves = ({
  drawn,
  names,
}: {
  readonly drawn: readonly Drawn[];
  readonly names: readonly string[];
}): JSX.Element | null =>
  drawn.length === 0 ? null : (
    <Section id="curves" title="Curves">
      <p class="legend">
        {names.map((name, at) => (
          <span>
            <svg viewBox="0 0 34 10" aria-hidden="true">
              <line
                x2="34"
                y1="5"
                y2="5"
                stroke={`var(--series-${colourOf(at)})`}
                stroke-width="3"
                stroke-dasharray={dashOf(at)?.join(' ')}
              />
            </svg>
            {letterOf(at)} {name}
          </span>
        ))}
      </p>
      <div class="charts">
        {drawn.map(({ title, svg, runs, above }) => (
          <figure class="chart">
            <figcaption>
              {title}
              <Above above={above} />
            </figcaption>
            <div role="img" aria-label={`${title}, last values: ${runs.map(lastText).join('; ')}`}>
              <Markup html={svg} />
            </div>
          </figure>
        ))}
      </div>
      <p class="note">Training curves are smoothed.</p>
    </Section>
  );
