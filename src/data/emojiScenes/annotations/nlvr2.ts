import { createRandom, type Random } from '../../../base/random.js';
import type { Scene } from '../scene.js';
import { type AnnotationFile, type AnnotationKind, pictureFile, type SceneSet } from './annotationKind.js';
import { instancesOf } from './instances.js';
import { dealPictureSets, type PictureSet } from './pictureSets.js';
import { type ScenePair, type Statement, statementsAbout } from './statements.js';

/** Statements a set of four pairs; each is true of two of them. */
const statementsASet = 4;

/** A statement and what it is for each pair of its set. */
interface Judged extends Statement {
  readonly labels: readonly boolean[];
}

/** How often each kind of statement was made, so that all become equally frequent. */
type Uses = Map<string, number>;

function judge(statement: Statement, pairs: readonly ScenePair[]): Judged[] {
  const labels = pairs.map((pair) => statement.truth(pair));
  if (labels.includes(undefined)) return [];
  const balanced = labels.filter(Boolean).length === pairs.length / 2;
  return balanced ? [{ ...statement, labels: labels as boolean[] }] : [];
}

/** True less false statements of each pair, squared and summed: 0 where a pair alone says nothing of its labels. */
const imbalance = (statements: readonly Judged[], pairs: number): number =>
  Array.from({ length: pairs }, (_, pair) =>
    statements.reduce((sum, { labels }) => sum + (labels[pair] ? 1 : -1), 0),
  ).reduce((sum, surplus) => sum + surplus ** 2, 0);

/** The statement of the rarest kind so far among those that leave the pairs most balanced. */
function nextStatement(chosen: readonly Judged[], candidates: readonly Judged[], uses: Uses) {
  const fresh = candidates.filter(({ kind }) => chosen.every((other) => other.kind !== kind));
  const rank = (statement: Judged) => {
    const pairs = statement.labels.length;
    return imbalance([...chosen, statement], pairs) + 0.5 * Math.log2(1 + (uses.get(statement.kind) ?? 0));
  };
  const ranked = fresh.map((statement) => [rank(statement), statement] as const);
  const least = Math.min(...ranked.map(([value]) => value));
  return ranked.find(([value]) => value === least)?.[1];
}

/** Different statements, each true of half of the pairs. */
function statementsOf({ pairs }: PictureSet, random: Random, uses: Uses): Judged[] {
  const all = statementsAbout(pairs.flat()).flatMap((statement) => judge(statement, pairs));
  const candidates = random.shuffle(all);
  const chosen: Judged[] = [];
  while (chosen.length < statementsASet) {
    const statement = nextStatement(chosen, candidates, uses);
    if (!statement) break;
    uses.set(statement.kind, (uses.get(statement.kind) ?? 0) + 1);
    chosen.push(statement);
  }
  return chosen;
}

/** A picture under the name that NLVR2 gives it. */
interface NamedPicture {
  readonly scene: Scene;
  readonly fileName: string;
}

const picturesOf = (split: string, pairs: readonly ScenePair[], set: number): NamedPicture[] =>
  pairs.flatMap((scenes, pair) =>
    scenes.map((scene, side) => ({ scene, fileName: `${split}-${set}-${pair}-img${side}.png` })),
  );

function linesOf(split: string, { noun, pairs }: PictureSet, set: number, statements: readonly Judged[]) {
  return pairs.flatMap(([left, right], pair) =>
    statements.map(({ text, labels }, sentence) => ({
      sentence: text,
      left_url: pictureFile(left),
      right_url: pictureFile(right),
      label: labels[pair] ? 'True' : 'False',
      synset: noun,
      identifier: `${split}-${set}-${pair}-${sentence}`,
    })),
  );
}

function annotate(set: SceneSet): AnnotationFile[] {
  const { split, seed, scenes } = set;
  const random = createRandom('nlvr2', seed, split);
  const uses: Uses = new Map();
  const sets = dealPictureSets(scenes, random).map((pictures) => ({
    pictures,
    statements: statementsOf(pictures, random, uses),
  }));
  const lines = sets.flatMap(({ pictures, statements }, i) => linesOf(split, pictures, i, statements));
  const named = sets.flatMap(({ pictures }, i) => picturesOf(split, pictures.pairs, i));
  return [
    { name: `nlvr2/${split}.json`, content: lines.map((line) => `${JSON.stringify(line)}\n`).join('') },
    { name: `nlvr2/instances_${split}.json`, content: JSON.stringify(instancesOf(set, named)) },
    ...named.map(({ scene, fileName }) => ({
      name: `nlvr2/images/${split}/${fileName}`,
      linkTo: pictureFile(scene),
    })),
  ];
}

/**
 * Pairs of pictures and statements that are true or false of both together, as NLVR2 writes them. Each statement is
 * made about four pairs and true of two.
 */
export const nlvr2: AnnotationKind = { kind: 'nlvr2', annotate };
