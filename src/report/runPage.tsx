import { largest } from '../base/lists.js';
import type { RunFacts } from './facts.js';
import { renderPage } from './page.js';
import type { RunRecord } from './runRecord.js';
import { Curves, drawCurves } from './sections/curves.js';
import { Data } from './sections/data.js';
import { Environment } from './sections/environment.js';
import { Gallery, groupNumbers, groupsOf } from './sections/gallery.js';
import { Head } from './sections/head.js';
import { Metrics } from './sections/metrics.js';
import { Parameters } from './sections/parameters.js';
import { Recipe } from './sections/recipe.js';
import { type StyleNeeds, styleOf } from './style.js';

/** What the gallery asks of the style. */
function styleNeeds({ gallery }: Pick<RunRecord, 'gallery'>): StyleNeeds {
  const examples = gallery?.examples ?? [];
  const groups = groupsOf(examples);
  const looks = examples.flatMap((example) => example.looks);
  return {
    words: largest(
      looks.map(({ from }) => from.length),
      0,
    ),
    cards: examples.map((example) => ({
      ...(example.right !== undefined && { state: example.right ? 'right' : 'wrong' }),
      groups: groupNumbers(example, groups).split(' ').filter(Boolean).map(Number),
    })),
  };
}

/** The report of one run as HTML. */
export async function runPage(run: RunRecord, facts: RunFacts): Promise<string> {
  const drawn = await drawCurves(run);
  const anchors = [
    { id: 'metrics', title: 'Metrics' },
    ...(drawn.length > 0 ? [{ id: 'curves', title: 'Curves' }] : []),
    ...(run.gallery?.examples.length ? [{ id: 'gallery', title: 'Predictions' }] : []),
    ...(run.data ? [{ id: 'data', title: 'Data' }] : []),
    { id: 'parameters', title: 'Parameters' },
    { id: 'recipe', title: 'Recipe' },
    ...(run.environment ? [{ id: 'environment', title: 'Environment' }] : []),
  ];
  return renderPage({
    title: `${facts.name}: report`,
    style: styleOf(styleNeeds(run)),
    head: <Head facts={facts} />,
    anchors,
    children: (
      <>
        <Metrics splits={facts.splits} />
        <Curves run={run} drawn={drawn} />
        <Gallery gallery={run.gallery} />
        <Data data={run.data} />
        <Parameters parameters={facts.parameters} />
        <Recipe recipe={run.recipe} defaults={run.defaults} />
        <Environment environment={run.environment} />
      </>
    ),
  });
}
