import type { JSX } from 'preact';
import type { GalleryExample, Gallery as Kept } from '../../recording/gallery.js';
import { Section, Verdict } from '../parts.js';
import { ChoiceList } from './choices.js';
import { Look } from './look.js';
import { Drawing, drawingText, PictureStore } from './picture.js';

/** Groups of the shown examples, those with most of them first. */
export function groupsOf(
  examples: readonly Pick<GalleryExample, 'groups'>[],
): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { groups } of examples) for (const name of groups) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

interface Option {
  readonly value: string;
  readonly text: string;
}

/** A choice of which cards are seen; the page's style does the rest, without a script. */
export const Filter = ({
  name,
  legend,
  options,
}: {
  readonly name: string;
  readonly legend: string;
  readonly options: readonly Option[];
}): JSX.Element => (
  <fieldset class="filter">
    <legend>{legend}</legend>
    {options.map(({ value, text }, at) => (
      <label>
        <input type="radio" name={name} value={value} checked={at === 0} />
        <span>{text}</span>
      </label>
    ))}
  </fieldset>
);

/** A filter by groups; nothing where there is one group or none. */
export function GroupFilter({
  groups,
}: {
  readonly groups: ReturnType<typeof groupsOf>;
}): JSX.Element | null {
  if (groups.length < 2) return null;
  const options = groups.map(({ name, count }, at) => ({ value: String(at), text: `${name} (${count})` }));
  return <Filter name="group" legend="Type" options={[{ value: 'all', text: 'all' }, ...options]} />;
}

/** The numbers of an example's groups, for the filter. */
export const groupNumbers = (
  { groups }: Pick<GalleryExample, 'groups'>,
  all: ReturnType<typeof groupsOf>,
): string => groups.map((group) => all.findIndex(({ name }) => name === group)).join(' ');

function OutcomeFilter({ examples }: Pick<Kept, 'examples'>): JSX.Element | null {
  const count = (wanted: boolean) => examples.filter(({ right }) => right === wanted).length;
  if (count(true) + count(false) === 0) return null;
  const options = [
    { value: 'all', text: `all (${examples.length})` },
    { value: 'right', text: `✓ right (${count(true)})` },
    { value: 'wrong', text: `✗ wrong (${count(false)})` },
  ];
  return <Filter name="outcome" legend="Show" options={options} />;
}

/** The texts of an example: the first one is the heading of its card. */
export const CardHead = ({ example }: { readonly example: GalleryExample }): JSX.Element => {
  const [first, ...others] = example.texts;
  return (
    <>
      <h3>
        {first && <span class="kind">{first.title}</span>} {first?.text ?? example.id}
      </h3>
      {others.map(({ title, text }) => (
        <p class="text">
          <span class="kind">{title}</span> {text}
        </p>
      ))}
    </>
  );
};

/** The pictures of an example with their boxes. */
export const Pictures = ({
  example,
  pictures,
  prefix = '',
}: {
  readonly example: GalleryExample;
  readonly pictures: Kept['pictures'];
  readonly prefix?: string;
}): JSX.Element => (
  <div class={`pictures${example.pictures.length > 1 ? ' several' : ''}`}>
    {example.pictures.map(({ picture, title, boxes, right }) => (
      <figure>
        <Drawing
          picture={pictures[picture]!}
          at={picture}
          prefix={prefix}
          boxes={boxes}
          label={drawingText(`picture of example ${example.id}`, boxes)}
        />
        {(title !== undefined || right !== undefined) && (
          <figcaption>
            {title} {right !== undefined && <Verdict right={right} />}
          </figcaption>
        )}
      </figure>
    ))}
  </div>
);

const Card = ({
  example,
  pictures,
  groups,
  at,
}: {
  example: GalleryExample;
  pictures: Kept['pictures'];
  groups: ReturnType<typeof groupsOf>;
  at: number;
}): JSX.Element => (
  <article
    class={`card ${example.right === undefined ? '' : example.right ? 'is-right' : 'is-wrong'}`}
    data-groups={groupNumbers(example, groups)}
  >
    <p class="state">
      <Verdict right={example.right} />
      <span>{example.groups.join(', ')}</span>
    </p>
    <CardHead example={example} />
    <Pictures example={example} pictures={pictures} />
    {example.choices.map((list) => (
      <ChoiceList list={list} pictures={pictures} />
    ))}
    {example.truth !== undefined && (
      <p class="truth">
        <span class="kind">right answer</span> {example.truth}
      </p>
    )}
    {example.looks.map((look, nth) => (
      <Look look={look} pictures={pictures} id={`look-${at}-${nth}`} />
    ))}
    <p class="id">example {example.id}</p>
  </article>
);

/** Some examples with their predictions. */
export function Gallery({ gallery }: { readonly gallery: Kept | undefined }): JSX.Element | null {
  if (!gallery || gallery.examples.length === 0) return null;
  const { examples, pictures, split } = gallery;
  const groups = groupsOf(examples);
  return (
    <Section id="gallery" title="Predictions">
      <p>
        {examples.length} examples of the {split} set: some drawn by their ids, then right and wrong ones of
        every type in turn.
      </p>
      <PictureStore pictures={pictures} />
      <div class="filters">
        <OutcomeFilter examples={examples} />
        <GroupFilter groups={groups} />
      </div>
      <div class="cards">
        {examples.map((example, at) => (
          <Card example={example} pictures={pictures} groups={groups} at={at} />
        ))}
      </div>
      <p class="none">No shown example is of this kind.</p>
    </Section>
  );
}
