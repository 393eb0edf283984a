import type { JSX } from 'preact';
import { grouped, percent } from '../../base/figures.js';
import { largest, smallest } from '../../base/lists.js';
import { type DataFacts, LONGEST, type Range, type SplitFacts } from '../../recording/dataFacts.js';
import { Bar, Scroll, Section } from '../parts.js';

type Split = readonly [name: string, facts: SplitFacts];

const rangeText = (range: Range | undefined): string => {
  if (!range) return '–';
  const { least, median, most } = range;
  return least === most ? grouped(least) : `${grouped(least)} / ${grouped(median)} / ${grouped(most)}`;
};

const SplitTable = ({ splits }: { readonly splits: readonly Split[] }): JSX.Element => (
  <Scroll label="examples and pictures of each split">
    <table>
      <thead>
        <tr>
          <th scope="col">split</th>
          <th scope="col">examples</th>
          <th scope="col">pictures</th>
          <th scope="col">width</th>
          <th scope="col">height</th>
          <th scope="col">boxes a picture</th>
        </tr>
      </thead>
      <tbody>
        {splits.map(([name, { examples, pictures }]) => (
          <tr>
            <th scope="row">{name}</th>
            <td>{grouped(examples)}</td>
            <td>{grouped(pictures.count)}</td>
            <td>{rangeText(pictures.width)}</td>
            <td>{rangeText(pictures.height)}</td>
            <td>{rangeText(pictures.boxes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

/** Rows of a histogram at most. */
const ROWS = 12;

interface Bin {
  readonly from: number;
  readonly to: number;
}

/** Numbers of words in steps of equal width, from the shortest to the longest text. */
function binsOf(splits: readonly Split[]): Bin[] {
  const lengths = splits.flatMap(([, { words }]) => Object.keys(words).map(Number));
  if (lengths.length === 0) return [];
  const [least, most] = [smallest(lengths), largest(lengths)];
  const width = Math.ceil((most - least + 1) / ROWS);
  const count = Math.ceil((most - least + 1) / width);
  return Array.from({ length: count }, (_, at) => ({
    from: least + at * width,
    to: Math.min(most, least + (at + 1) * width - 1),
  }));
}

const binText = ({ from, to }: Bin): string => {
  const end = to >= LONGEST ? `${to} and more` : String(to);
  return from === to ? end : `${from} to ${end}`;
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const shareIn = ({ words }: SplitFacts, { from, to }: Bin): number => {
  const inside = Object.entries(words).filter(([count]) => Number(count) >= from && Number(count) <= to);
  return sum(inside.map(([, texts]) => texts)) / Math.max(1, sum(Object.values(words)));
};

/** Shares of each split in rows, with a bar for the first split. */
function ShareTable({
  label,
  heading,
  splits,
  rows,
}: {
  label: string;
  heading: string;
  splits: readonly Split[];
  rows: readonly { readonly name: string; readonly shares: readonly (number | undefined)[] }[];
}): JSX.Element {
  const longest = largest(
    rows.map(({ shares }) => shares[0] ?? 0),
    1e-9,
  );
  return (
    <Scroll label={label}>
      <table class="bars">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{heading}</th>
            <td />
            {splits.map(([name]) => (
              <th scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, shares }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>
                <Bar share={(shares[0] ?? 0) / longest} />
              </td>
              {shares.map((share) => (
                <td>{share === undefined ? '–' : percent(share)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const TextLengths = ({ splits }: { readonly splits: readonly Split[] }): JSX.Element | null => {
  const bins = binsOf(splits);
  if (bins.length === 0) return null;
  const rows = bins.map((bin) => ({
    name: binText(bin),
    shares: splits.map(([, facts]) => shareIn(facts, bin)),
  }));
  return <ShareTable label="text length" heading="words" splits={splits} rows={rows} />;
};

const Answers = ({ splits }: { readonly splits: readonly Split[] }): JSX.Element | null => {
  const known = splits.filter(([, { answers }]) => answers);
  const [first] = known;
  if (!first?.[1].answers) return null;
  const { different, top } = first[1].answers;
  const share = ({ answers }: SplitFacts, answer: string) => {
    const count = answers?.top.find(([other]) => other === answer)?.[1];
    return count === undefined ? undefined : count / Math.max(1, answers?.examples ?? 0);
  };
  const rows = top.map(([answer]) => ({
    name: answer,
    shares: known.map(([, facts]) => share(facts, answer)),
  }));
  const shown = different > top.length ? `${top.length} most frequent of ${different} answers` : 'answers';
  return <ShareTable label={`right answers: ${shown}`} heading="answer" splits={known} rows={rows} />;
};

/** What is in the splits. */
export const Data = ({ data }: { readonly data: DataFacts | undefined }): JSX.Element | null => {
  if (!data) return null;
  const splits = Object.entries(data) as unknown as readonly Split[];
  const measured = largest(splits.map(([, { pictures }]) => pictures.measured));
  const isSample = splits.some(([, { pictures }]) => pictures.measured < pictures.count);
  return (
    <Section id="data" title="Data">
      <SplitTable splits={splits} />
      <p class="note">
        Pixels and boxes: least / median / most, or one number where all are the same.
        {isSample && measured > 0 && ` Sizes are those of ${measured} pictures of a split.`}
      </p>
      <div class="columns">
        <TextLengths splits={splits} />
        <Answers splits={splits} />
      </div>
    </Section>
  );
};
