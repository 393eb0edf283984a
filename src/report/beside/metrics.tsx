import type { JSX } from 'preact';
import { metricFigure } from '../../base/figures.js';
import { rangeText } from '../intervalText.js';
import { figureOrDash, Scroll, Section } from '../parts.js';
import type { Difference, MetricRow } from './differences.js';
import { letterOf } from './letters.js';

const signed = (value: number): string => (value > 0 ? `+${metricFigure(value)}` : metricFigure(value));

/** Both ends of the interval lie on one side of 0. */
const isClear = ({ interval }: Difference): boolean =>
  interval !== undefined && interval.low * interval.high > 0;

const Cells = ({ one, first }: { one: Difference; first: boolean }): JSX.Element => (
  <>
    <td>{figureOrDash(one.value)}</td>
    {!first && (
      <>
        <td>{one.difference === undefined ? '–' : `${isClear(one) ? '● ' : ''}${signed(one.difference)}`}</td>
        <td>{one.interval ? rangeText(one.interval) : '–'}</td>
      </>
    )}
  </>
);

/** Every metric of every run, and how far each is from the first run. */
export const Metrics = ({
  rows,
  runs,
}: {
  readonly rows: readonly MetricRow[];
  readonly runs: number;
}): JSX.Element => (
  <Section id="metrics" title="Metrics">
    <Scroll label="metrics of the runs">
      <table>
        <thead>
          <tr>
            <th scope="col">metric</th>
            {Array.from({ length: runs }, (_, at) => (
              <>
                <th scope="col">{letterOf(at)}</th>
                {at > 0 && (
                  <>
                    <th scope="col">
                      {letterOf(at)} − {letterOf(0)}
                    </th>
                    <th scope="col">95 % confidence</th>
                  </>
                )}
              </>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ split, metric, runs: differences }) => (
            <tr>
              <th scope="row">
                {metric}, {split}
              </th>
              {differences.map((one, at) => (
                <Cells one={one} first={at === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
    <p class="note">
      Confidence of the difference: 1000 bootstrap resamples of the examples, both runs resampled together. ●
      marks a difference whose interval leaves out 0. – : not known, or not the same examples. Seeds differ
      from run to run by more than this: several of them say more.
    </p>
  </Section>
);
