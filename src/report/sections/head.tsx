import type { JSX } from 'preact';
import { formatDuration, grouped, megabytes, metricFigure, percent } from '../../base/figures.js';
import type { RunFacts } from '../facts.js';
import { intervalText } from '../intervalText.js';

const Tile = ({ name, value, note }: { name: string; value: string; note?: string }): JSX.Element => (
  <div class="tile">
    <dt>{name}</dt>
    <dd>
      <strong>{value}</strong>
      {note && <span>{note}</span>}
    </dd>
  </div>
);

function Headline({ headline }: Pick<RunFacts, 'headline'>): JSX.Element {
  if (!headline) return <p>Nothing was measured: no split has labels.</p>;
  const { metric, split, value, interval, baseline } = headline;
  return (
    <div class="headline">
      <p class="figure">
        <strong>{metricFigure(value)}</strong>
        <span>
          {metric} on the {split} set
        </span>
      </p>
      <p>
        {interval
          ? `95 % confidence: ${intervalText(interval)}.`
          : 'No interval: what each example adds is not known.'}{' '}
        {baseline !== undefined && `Without looking at pictures and texts: ${metricFigure(baseline)}.`}
      </p>
    </div>
  );
}

/** What the run is and what it reached. */
export function Head({ facts }: { readonly facts: RunFacts }): JSX.Element {
  const { name, task, seed, parameters, seconds, steps, best, stoppedEarly, peakMemoryBytes } = facts;
  const ended = best ? `best after ${best.step}` : 'the last weights are kept';
  return (
    <header>
      <p class="kind">
        task {task}, seed {seed}
      </p>
      <h1>{name}</h1>
      <Headline headline={facts.headline} />
      <dl class="tiles">
        <Tile
          name="parameters trained"
          value={grouped(parameters.trainable)}
          note={`${percent(parameters.share)} of ${grouped(parameters.trainable + parameters.frozen)}`}
        />
        <Tile
          name="time"
          value={formatDuration(seconds.total)}
          note={`training ${formatDuration(seconds.train)}, evaluations ${formatDuration(seconds.evaluate)}`}
        />
        <Tile name="steps" value={grouped(steps)} note={stoppedEarly ? `stopped early, ${ended}` : ended} />
        <Tile name="peak memory" value={megabytes(peakMemoryBytes)} note="of the process" />
      </dl>
    </header>
  );
}
