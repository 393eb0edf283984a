import type { JSX } from 'preact';
import { formatDuration, grouped, megabytes, metricFigure } from '../../base/figures.js';
import type { RunFacts } from '../facts.js';
import { rangeText } from '../intervalText.js';
import { Scroll } from '../parts.js';
import { letterOf } from './letters.js';

/** What each run is, and what it reached and cost. */
export const Summary = ({ facts }: { readonly facts: readonly RunFacts[] }): JSX.Element => (
  <header>
    <p class="kind">{facts.length} runs beside each other</p>
    <h1>{[...new Set(facts.map(({ name }) => name))].join(', ')}</h1>
    <Scroll label="the runs">
      <table>
        <thead>
          <tr>
            <th scope="col">run</th>
            <th scope="col">value</th>
            <th scope="col">95 % confidence</th>
            <th scope="col">of</th>
            <th scope="col">task</th>
            <th scope="col">seed</th>
            <th scope="col">trained</th>
            <th scope="col">steps</th>
            <th scope="col">time</th>
            <th scope="col">peak memory</th>
          </tr>
        </thead>
        <tbody>
          {facts.map(
            ({ name, folder, task, seed, headline, parameters, steps, seconds, peakMemoryBytes }, at) => (
              <tr>
                <th scope="row">
                  <strong>{letterOf(at)}</strong> {name}
                  <br />
                  <span class="kind">{folder}</span>
                </th>
                <td>{headline ? metricFigure(headline.value) : '–'}</td>
                <td>{headline?.interval ? rangeText(headline.interval) : '–'}</td>
                <td>{headline ? `${headline.metric}, ${headline.split}` : '–'}</td>
                <td>{task}</td>
                <td>{seed}</td>
                <td>{grouped(parameters.trainable)}</td>
                <td>{grouped(steps)}</td>
                <td>{formatDuration(seconds.total)}</td>
                <td>{megabytes(peakMemoryBytes)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </Scroll>
  </header>
);
