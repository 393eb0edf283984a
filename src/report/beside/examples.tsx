import type { JSX } from 'preact';
import { grouped, percent } from '../../base/figures.js';
import type { GalleryExample, GalleryPicture } from '../../recording/gallery.js';
import { Scroll, Section, Verdict } from '../parts.js';
import type { RunRecord } from '../runRecord.js';
import { CardHead, Filter, GroupFilter, groupNumbers, groupsOf, Pictures } from '../sections/gallery.js';
import { PictureStore } from '../sections/picture.js';
import type { CardState, FilteredCard } from '../style.js';
import type { Agreement } from './differences.js';
import { letterOf } from './letters.js';

/** An example that every run shows. */
interface SharedExample {
  /** As each run shows it. */
  readonly runs: readonly GalleryExample[];
  readonly state?: CardState;
}

const textsOf = ({ texts }: GalleryExample) => JSON.stringify(texts);

function stateOf(runs: readonly GalleryExample[]): Pick<SharedExample, 'state'> {
  const rights = runs.map(({ right }) => right);
  if (rights.some((right) => right === undefined)) return {};
  if (rights.every(Boolean)) return { state: 'right' };
  return { state: rights.some(Boolean) ? 'mixed' : 'wrong' };
}

/** The examples that all galleries show, in the order of the first one. */
export function sharedExamples(runs: readonly Pick<RunRecord, 'gallery'>[]): SharedExample[] {
  const galleries = runs.map(({ gallery }) => new Map(gallery?.examples.map((one) => [one.id, one])));
  const first = runs[0]?.gallery;
  if (!first || runs.some(({ gallery }) => gallery?.split !== first.split)) return [];
  return first.examples.flatMap((example) => {
    const all = galleries.map((gallery) => gallery.get(example.id));
    const same = all.filter((one) => one && textsOf(one) === textsOf(example)) as GalleryExample[];
    return same.length === runs.length ? [{ runs: same, ...stateOf(same) }] : [];
  });
}

/** The shared examples as the filters see them. */
export function filteredCards(shared: readonly SharedExample[]): FilteredCard[] {
  const groups = groupsOf(shared.map(({ runs }) => runs[0]!));
  return shared.map(({ runs, state }) => ({
    ...(state && { state }),
    groups: groupNumbers(runs[0]!, groups).split(' ').filter(Boolean).map(Number),
  }));
}

const chosenText = ({ choices }: GalleryExample): string[] =>
  choices.flatMap(({ title, scores, choices: list }) => {
    const chosen = list.find((choice) => choice.chosen);
    if (!chosen) return [];
    const { text, score } = chosen;
    const told = scores === 'probability' ? `${(100 * (score ?? 0)).toFixed(1)} %` : (score ?? 0).toFixed(3);
    const name = choices.length > 1 ? `${title}: ${text}` : text;
    return [score === undefined ? name : `${name} (${told})`];
  });

/** Boxes are each run's own; without them one picture stands for all. */
const hasBoxes = ({ pictures }: GalleryExample) =>
  pictures.some(({ boxes }) => boxes.some(({ role }) => role === 'predicted'));

const Answer = ({
  example,
  first,
  at,
  pictures,
}: {
  example: GalleryExample;
  first: GalleryExample;
  at: number;
  pictures: readonly GalleryPicture[];
}): JSX.Element => {
  // The same example has the same pictures: those of the first run's gallery are used.
  const placed = example.pictures.map((one, nth) => ({ ...one, picture: first.pictures[nth]?.picture ?? 0 }));
  return (
    <li>
      <span class="who">{letterOf(at)}</span>
      <Verdict right={example.right} />
      <span>{chosenText(example).join('; ')}</span>
      {hasBoxes(example) && <Pictures example={{ ...example, pictures: placed }} pictures={pictures} />}
    </li>
  );
};

const Card = ({
  shared: { runs, state },
  pictures,
  groups,
}: {
  shared: SharedExample;
  pictures: readonly GalleryPicture[];
  groups: ReturnType<typeof groupsOf>;
}): JSX.Element => {
  const first = runs[0]!;
  return (
    <article class={`card ${state ? `is-${state}` : ''}`} data-groups={groupNumbers(first, groups)}>
      <p class="state">{first.groups.join(', ')}</p>
      <CardHead example={first} />
      {!hasBoxes(first) && <Pictures example={first} pictures={pictures} />}
      {first.truth !== undefined && (
        <p class="truth">
          <span class="kind">right answer</span> {first.truth}
        </p>
      )}
      <ul class="answers">
        {runs.map((example, at) => (
          <Answer example={example} first={first} at={at} pictures={pictures} />
        ))}
      </ul>
      <p class="id">example {first.id}</p>
    </article>
  );
};

const AgreementTable = ({ agreement }: { readonly agreement: Agreement }): JSX.Element => {
  const { examples, allRight, noneRight, onlyRight } = agreement;
  const some = examples - allRight - noneRight - onlyRight.reduce((sum, count) => sum + count, 0);
  const rows: readonly (readonly [string, number])[] = [
    ['all of them', allRight],
    ...onlyRight.map((count, at) => [`${letterOf(at)} alone`, count] as const),
    ...(onlyRight.length > 2 ? [['some, not all', some] as const] : []),
    ['none of them', noneRight],
  ];
  return (
    <Scroll label="who was right">
      <table>
        <caption>
          who was right, over all {grouped(examples)} examples of the {agreement.split} set
        </caption>
        <thead>
          <tr>
            <th scope="col">right</th>
            <th scope="col">examples</th>
            <th scope="col">share</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, count]) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{grouped(count)}</td>
              <td>{percent(count / examples)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
};

function StateFilter({ shared }: { readonly shared: readonly SharedExample[] }): JSX.Element | null {
  const count = (wanted: CardState) => shared.filter(({ state }) => state === wanted).length;
  const named = { mixed: 'they differ', right: '✓ all right', wrong: '✗ all wrong' } as const;
  const options = (Object.keys(named) as CardState[])
    .filter((state) => count(state) > 0)
    .map((state) => ({ value: state, text: `${named[state]} (${count(state)})` }));
  if (options.length < 2) return null;
  const all = { value: 'all', text: `all (${shared.length})` };
  return <Filter name="outcome" legend="Show" options={[all, ...options]} />;
}

/** The same examples with what every run made of them. */
export function Examples({
  shared,
  agreement,
  pictures,
}: {
  readonly shared: readonly SharedExample[];
  readonly agreement: Agreement | undefined;
  readonly pictures: readonly GalleryPicture[];
}): JSX.Element | null {
  if (shared.length === 0 && !agreement) return null;
  const groups = groupsOf(shared.map(({ runs }) => runs[0]!));
  return (
    <Section id="gallery" title="Predictions">
      {agreement && <AgreementTable agreement={agreement} />}
      {shared.length > 0 && (
        <>
          <PictureStore pictures={pictures} />
          <div class="filters">
            <StateFilter shared={shared} />
            <GroupFilter groups={groups} />
          </div>
          <div class="cards">
            {shared.map((one) => (
              <Card shared={one} pictures={pictures} groups={groups} />
            ))}
          </div>
          <p class="none">No shown example is of this kind.</p>
        </>
      )}
    </Section>
  );
}
