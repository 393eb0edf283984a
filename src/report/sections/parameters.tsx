import type { JSX } from 'preact';
import { grouped, percent } from '../../base/figures.js';
import { largest as largestOf } from '../../base/lists.js';
import type { RunFacts } from '../facts.js';
import { Bar, Scroll, Section } from '../parts.js';

/** Which parts of the model train, and how large they are. */
export function Parameters({ parameters }: Pick<RunFacts, 'parameters'>): JSX.Element {
  const { modules, trainable, frozen, share } = parameters;
  const largest = largestOf(
    modules.map((one) => one.trainable + one.frozen),
    1,
  );
  return (
    <Section id="parameters" title="Parameters">
      <p>
        {grouped(trainable)} of {grouped(trainable + frozen)} parameters train ({percent(share)}).
      </p>
      {modules.length > 0 && (
        <Scroll label="parameters of each module">
          <table class="bars">
            <thead>
              <tr>
                <th scope="col">module</th>
                <th scope="col">trainable</th>
                <th scope="col">frozen</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {modules.map((one) => (
                <tr>
                  <th scope="row">{one.module}</th>
                  <td>{grouped(one.trainable)}</td>
                  <td>{grouped(one.frozen)}</td>
                  <td>
                    <Bar
                      share={(one.trainable + one.frozen) / largest}
                      kind={one.trainable > 0 ? 'chosen' : 'plain'}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Section>
  );
}
