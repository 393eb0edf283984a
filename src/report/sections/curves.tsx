import type { JSX } from 'preact';
import { metricFigure } from '../../base/figures.js';
import { memberOf } from '../../base/json.js';
import { type ChartSeries, drawChart } from '../chart.js';
import { type Curve, curvesOf } from '../curves.js';
import { Above, figureOrDash, Markup, Scroll, Section } from '../parts.js';
import type { RunRecord } from '../runRecord.js';
import { smooth, thin } from '../series.js';
import { type StartAbove, startAbove } from '../startAbove.js';

interface Drawn extends Curve {
  readonly svg: string;
  readonly above: StartAbove | undefined;
}

/** Lines with fewer points are not smoothed. */
const SMOOTHED_FROM = 20;

function seriesOf({ train, validation, exact = false }: Curve): ChartSeries[] {
  const smoothed = !exact && train.length >= SMOOTHED_FROM;
  const raw: ChartSeries = { points: thin(train), mark: 'line', colour: 1, pale: smoothed };
  return [
    ...(train.length > 0 ? [raw] : []),
    ...(smoothed ? [{ points: thin(smooth(train)), mark: 'line', colour: 1 } as const] : []),
    ...(validation.length > 0
      ? [
          { points: validation, mark: 'line', colour: 2, dash: [4, 3] } as const,
          { points: validation, mark: 'points', colour: 2 } as const,
        ]
      : []),
  ];
}

/** Draws every curve of a run. */
export const drawCurves = (run: RunRecord): Promise<Drawn[]> =>
  Promise.all(
    curvesOf(run).map(async (curve) => {
      const above = curve.exact ? undefined : startAbove([...curve.train, ...curve.validation]);
      return { ...curve, above, svg: await drawChart({ series: seriesOf(curve), above }) };
    }),
  );

const ends = (name: string, points: Curve['train']): string[] => {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  const from = `${name} ${metricFigure(first.y)} at step ${first.x}`;
  return [first === last ? from : `${from}, ${metricFigure(last.y)} at step ${last.x}`];
};

const CurveFigure = ({ title, train, validation, svg, above }: Drawn): JSX.Element => (
  <figure class="chart">
    <figcaption>
      {title}
      <Above above={above} />
    </figcaption>
    <div
      role="img"
      aria-label={`${title}: ${[...ends('training', train), ...ends('validation', validation)].join('; ')}`}
    >
      <Markup html={svg} />
    </div>
  </figure>
);

/** Evaluations in a table, so that the curves can be read as numbers. */
function Evaluations({ run }: { readonly run: RunRecord }): JSX.Element | null {
  const lines = run.lines.filter(({ split }) => split === 'validation');
  if (lines.length === 0) return null;
  const names = [...new Set(lines.flatMap(({ values }) => Object.keys(values)))];
  return (
    <details>
      <summary>Evaluations as numbers</summary>
      <Scroll label="evaluations during the training">
        <table>
          <thead>
            <tr>
              <th scope="col">step</th>
              {names.map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ step, values }) => (
              <tr>
                <th scope="row">{step}</th>
                {names.map((name) => (
                  <td>{figureOrDash(memberOf(values, name))}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

/** What was logged over the steps. */
export const Curves = ({
  run,
  drawn,
}: {
  readonly run: RunRecord;
  readonly drawn: readonly Drawn[];
}): JSX.Element | null =>
  drawn.length === 0 ? null : (
    <Section id="curves" title="Curves">
      <p class="legend">
        <span>
          <i class="line train" aria-hidden="true" /> training, smoothed, with the raw values pale behind
        </span>
        <span>
          <i class="line validation" aria-hidden="true" /> evaluations on the validation set
        </span>
      </p>
      <div class="charts">
        {drawn.map((curve) => (
          <CurveFigure {...curve} />
        ))}
      </div>
      <Evaluations run={run} />
    </Section>
  );
