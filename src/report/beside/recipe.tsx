import type { JSX } from 'preact';
import type { Json } from '../../base/json.js';
import { Scroll, Section } from '../parts.js';
import type { RecipeDifference } from './differences.js';
import { letterOf } from './letters.js';

const text = (value: Json | undefined): string => (value === undefined ? '–' : JSON.stringify(value));

/** The keys of the recipes that are not the same. */
export const Recipe = ({
  differences,
  runs,
}: {
  readonly differences: readonly RecipeDifference[];
  readonly runs: number;
}): JSX.Element => (
  <Section id="recipe" title="Recipes">
    {differences.length === 0 ? (
      <p>The recipes are the same, but for name and output.</p>
    ) : (
      <Scroll label="keys that differ">
        <table class="keys">
          <thead>
            <tr>
              <th scope="col">key</th>
              {Array.from({ length: runs }, (_, at) => (
                <th scope="col">{letterOf(at)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {differences.map(({ key, values }) => (
              <tr>
                <th scope="row">{key}</th>
                {values.map((value) => (
                  <td>
                    <code>{text(value)}</code>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    )}
    <p class="note">
      Keys that differ; the others, name and output are left out. – : the recipe has no such key.
    </p>
  </Section>
);
