import type { JSX } from 'preact';
import { Scroll, Section } from '../parts.js';
import { recipeLines } from '../recipeLines.js';
import type { RunRecord } from '../runRecord.js';

/** The recipe with all of its defaults, and which keys say something else. */
export function Recipe({ recipe, defaults }: Pick<RunRecord, 'recipe' | 'defaults'>): JSX.Element {
  const marks = defaults.length > 0;
  return (
    <Section id="recipe" title="Recipe">
      {marks && <p>● marks what was chosen; all else has its default.</p>}
      <Scroll label="recipe">
        <pre>
          {recipeLines(recipe, defaults).map(({ text, isDefault }) => {
            const chosen = marks && isDefault === false;
            const mark = marks ? (chosen ? '● ' : '  ') : '';
            return chosen ? <b>{`${mark}${text}\n`}</b> : `${mark}${text}\n`;
          })}
        </pre>
      </Scroll>
    </Section>
  );
}
