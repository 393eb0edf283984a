import type { RunFacts } from '../facts.js';
import { renderPage } from '../page.js';
import type { RunRecord } from '../runRecord.js';
import { styleOf } from '../style.js';
import { Curves, drawOverlaid } from './curves.js';
import type { Differences } from './differences.js';
import { Examples, filteredCards, sharedExamples } from './examples.js';
import { Metrics } from './metrics.js';
import { Recipe } from './recipe.js';
import { Summary } from './summary.js';

/** Pictures of the first gallery that the shared examples show; the others are not worth their bytes. */
function usedPictures({ gallery }: RunRecord, shared: ReturnType<typeof sharedExamples>) {
  const used = new Set(shared.flatMap(({ runs }) => runs[0]?.pictures.map(({ picture }) => picture) ?? []));
  return (gallery?.pictures ?? []).map(({ webp, ...size }, at) =>
    used.has(at) && webp !== undefined ? { ...size, webp } : size,
  );
}

/** The report of several runs beside each other as HTML; the first one is what the others are held against. */
export async function besidePage(
  runs: readonly RunRecord[],
  facts: readonly RunFacts[],
  differences: Differences,
): Promise<string> {
  const drawn = await drawOverlaid(runs);
  const shared = sharedExamples(runs);
  const { metrics, recipe, agreement } = differences;
  const anchors = [
    { id: 'metrics', title: 'Metrics' },
    ...(drawn.length > 0 ? [{ id: 'curves', title: 'Curves' }] : []),
    { id: 'recipe', title: 'Recipes' },
    ...(shared.length > 0 || agreement ? [{ id: 'gallery', title: 'Predictions' }] : []),
  ];
  return renderPage({
    title: `${facts.map(({ name }) => name).join(', ')}: report`,
    style: styleOf({ words: 0, cards: filteredCards(shared) }),
    head: <Summary facts={facts} />,
    anchors,
    children: (
      <>
        <Metrics rows={metrics} runs={runs.length} />
        <Curves drawn={drawn} names={facts.map(({ name }) => name)} />
        <Recipe differences={recipe} runs={runs.length} />
        <Examples
          shared={shared}
          agreement={agreement}
          pictures={runs[0] ? usedPictures(runs[0], shared) : []}
        />
      </>
    ),
  });
}
