import type { JSX } from 'preact';
import { grouped } from '../../base/figures.js';
import type { MeasuredSplit, RunFacts, SplitFact } from '../facts.js';
import { rangeText } from '../intervalText.js';
import { Bar, figureOrDash, Scroll, Section } from '../parts.js';

const METHODS = { wilson: 'Wilson', bootstrap: 'bootstrap' } as const;

const MetricTable = ({ split, fact }: { split: MeasuredSplit; fact: SplitFact }): JSX.Element => (
  <Scroll label={`metrics of the ${split} set`}>
    <table>
      <caption>{split} set</caption>
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col">value</th>
          <th scope="col">95 % confidence</th>
          <th scope="col">by</th>
          <th scope="col">without looking</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(fact.metrics).map(([name, { value, interval, baseline }]) => (
          <tr>
            <th scope="row">{name}</th>
            <td>{figureOrDash(value)}</td>
            <td>{interval ? rangeText(interval) : '–'}</td>
            <td>{interval ? METHODS[interval.method] : '–'}</td>
            <td>{figureOrDash(baseline)}</td>
          </tr>
        ))}
        {fact.loss !== undefined && (
          <tr>
            <th scope="row">loss</th>
            <td>{figureOrDash(fact.loss)}</td>
            <td>–</td>
            <td>–</td>
            <td>–</td>
          </tr>
        )}
      </tbody>
    </table>
  </Scroll>
);

type Groups = SplitFact['groups'][string];

const GroupTable = ({
  name,
  groups,
  baseline,
}: {
  name: string;
  groups: Groups;
  baseline: Groups | undefined;
}): JSX.Element => (
  <Scroll label={`by ${name}`}>
    <table class="bars">
      <caption>by {name}</caption>
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <th scope="col">value</th>
          <td />
          <th scope="col">without looking</th>
          <th scope="col">examples</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(groups).map(([group, { value, count }]) => (
          <tr>
            <th scope="row">{group}</th>
            <td>{figureOrDash(value)}</td>
            <td>
              <Bar share={value} />
            </td>
            <td>{figureOrDash(baseline?.[group]?.value)}</td>
            <td>{grouped(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

/** Metrics of every split, with confidence intervals, beside the best answer that does not look. */
export function Metrics({ splits }: Pick<RunFacts, 'splits'>): JSX.Element {
  const known = Object.entries(splits) as [MeasuredSplit, SplitFact][];
  return (
    <Section id="metrics" title="Metrics">
      {known.length === 0 && <p>Nothing was measured: no split has labels.</p>}
      <div class="columns">
        {known.map(([split, fact]) => (
          <MetricTable split={split} fact={fact} />
        ))}
      </div>
      {known.flatMap(([split, { notes }]) =>
        notes.map((note) => (
          <p>
            {split} set: {note}
          </p>
        )),
      )}
      <p class="note">
        Wilson: score interval of a share. Bootstrap: percentiles over 1000 resamples of the examples, always
        the same ones. – : not known. Without looking: the best answer that ignores pictures and texts.
      </p>
      {known.slice(-1).map(([split, { groups, baselineGroups }]) => (
        <div>
          {Object.keys(groups).length > 0 && <h3>{split} set, group by group</h3>}
          <div class="columns">
            {Object.entries(groups).map(([name, members]) => (
              <GroupTable name={name} groups={members} baseline={baselineGroups[name]} />
            ))}
          </div>
        </div>
      ))}
    </Section>
  );
}
