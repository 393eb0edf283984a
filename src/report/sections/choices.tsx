import type { JSX } from 'preact';
import type { Gallery, GalleryExample } from '../../recording/gallery.js';
import { Bar } from '../parts.js';
import { Drawing } from './picture.js';

type Choices = GalleryExample['choices'][number];
type Choice = Choices['choices'][number];

const scoreText = (score: number, kind: Choices['scores']): string =>
  kind === 'probability' ? `${(100 * score).toFixed(1)} %` : score.toFixed(3);

const classOf = ({ chosen, right }: Choice): string =>
  [chosen && 'chosen', right === true && 'right', right === false && chosen && 'wrong']
    .filter(Boolean)
    .join(' ');

const barOf = ({ chosen, right }: Choice) => {
  if (right) return 'right';
  if (chosen) return right === false ? 'wrong' : 'chosen';
  return 'plain';
};

/** What a model chose among: scores as bars, with words for what was chosen and what is right. */
export const ChoiceList = ({
  list: { title, scores, choices },
  pictures,
  prefix = '',
}: {
  readonly list: Choices;
  readonly pictures: Gallery['pictures'];
  readonly prefix?: string;
}): JSX.Element => (
  <div class="choices">
    <h4>{title}</h4>
    <ol>
      {choices.map((choice) => {
        const { text, score, chosen, right, picture } = choice;
        return (
          <li class={classOf(choice)}>
            <span class="name">
              {picture === undefined ? (
                text
              ) : (
                <Drawing
                  picture={pictures[picture]!}
                  at={picture}
                  prefix={prefix}
                  label={`picture of example ${text}`}
                />
              )}
              {chosen && <em> chosen</em>}
              {right && <em> ✓ right</em>}
            </span>
            {typeof score === 'number' && ( // null where an earlier version wrote NaN
              <>
                <Bar share={score} kind={barOf(choice)} />
                <span class="score">{scoreText(score, scores)}</span>
              </>
            )}
          </li>
        );
      })}
    </ol>
  </div>
);
