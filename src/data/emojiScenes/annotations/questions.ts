import { groundColors } from '../grounds.js';
import { groupsOf, type Scene, type SceneObject } from '../scene.js';
import { categories, nouns } from '../vocabulary.js';
import { categoryCounts, categoryOfObject, withArticle } from './phrases.js';
import { directions, lies, oppositeOf, relationsOf, singles } from './relations.js';

/** A question about a scene and its true answer. */
export interface Question {
  readonly text: string;
  /** The leading words, as VQA v2 names its types. */
  readonly type: string;
  readonly answer: string;
  /** Every answer the question may have, where these are few: they are kept equally frequent. */
  readonly options?: readonly string[];
  /** What annotators who look less closely would say; empty where none is plausible. */
  readonly alternatives: readonly string[];
}

/** All questions of one kind that a scene allows. */
export type QuestionKind = (scene: Scene) => readonly Question[];

const yesNo = ['yes', 'no'];
const sizes = ['small', 'large'];
const mostCount = 4;
const countAnswers = ['1', '2', '3', '4'];

const thereIs = (name: string, answer: string): Question => ({
  text: `Is there ${withArticle(name)} in the picture?`,
  type: 'is there a',
  answer,
  options: yesNo,
  alternatives: [],
});

const nounPresent: QuestionKind = (scene) => groupsOf(scene).map(({ noun }) => thereIs(noun, 'yes'));

const nounAbsent: QuestionKind = (scene) => {
  const present = new Set(groupsOf(scene).map(({ noun }) => noun));
  return nouns.filter(({ name }) => !present.has(name)).map(({ name }) => thereIs(name, 'no'));
};

const categoryPresent: QuestionKind = (scene) => {
  const present = new Set(categoryCounts(scene).map(({ category }) => category.name));
  return categories.map(({ name, singular }) => thereIs(singular, present.has(name) ? 'yes' : 'no'));
};

const howMany = (plural: string, count: number): Question => ({
  text: `How many ${plural} are there?`,
  type: 'how many',
  answer: String(count),
  options: countAnswers,
  alternatives: [],
});

const nounCount: QuestionKind = (scene) =>
  groupsOf(scene).map(({ noun, objects }) =>
    howMany(nouns.find(({ name }) => name === noun)!.plural, objects.length),
  );

const categoryCount: QuestionKind = (scene) =>
  categoryCounts(scene)
    .filter(({ count }) => count <= mostCount)
    .map(({ category, count }) => howMany(category.plural, count));

const groundColor: QuestionKind = ({ ground: { color } }) => [
  {
    text: 'What color is the background?',
    type: 'what color is the',
    answer: color,
    options: groundColors.map(({ name }) => name),
    alternatives: groundColors.filter(({ name }) => name === color).map(({ near }) => near),
  },
];

const otherNouns = ({ objects }: Scene, noun: string) => [
  ...new Set(objects.map((object) => object.noun).filter((name) => name !== noun)),
];

/** Each single object, each direction, and what lies there where that is one thing. */
function lonelyNeighbours(scene: Scene) {
  return singles(scene).flatMap((anchor) =>
    directions.flatMap((direction) => {
      const there = scene.objects.filter((object) => lies(object, direction, anchor, scene.pixels));
      return there.length === 1 ? [{ anchor, direction, object: there[0]! }] : [];
    }),
  );
}

const neighbour: QuestionKind = (scene) =>
  lonelyNeighbours(scene).map(({ anchor, direction, object }) => ({
    text: `What is ${direction} the ${anchor.noun}?`,
    type: 'what is',
    answer: object.noun,
    alternatives: otherNouns(scene, object.noun).filter((noun) => noun !== anchor.noun),
  }));

const neighbourCategory: QuestionKind = (scene) =>
  lonelyNeighbours(scene).map(({ anchor, direction, object }) => ({
    text: `What kind of thing is ${direction} the ${anchor.noun}?`,
    type: 'what kind of',
    answer: categoryOfObject(object).name,
    options: categories.map(({ name }) => name),
    alternatives: [],
  }));

const relation: QuestionKind = (scene) =>
  relationsOf(scene).flatMap(({ subject, direction, anchor }) =>
    (['yes', 'no'] as const).map((answer) => ({
      text: `Is the ${subject.noun} ${answer === 'yes' ? direction : oppositeOf[direction]} the ${anchor.noun}?`,
      type: 'is the',
      answer,
      options: yesNo,
      alternatives: [answer === 'yes' ? 'no' : 'yes'],
    })),
  );

/** The only object of its size beside others. */
function onlyOfSize({ objects }: Scene): SceneObject[] {
  if (objects.length < 2) return [];
  return objects.filter(({ size }) => objects.filter((other) => other.size === size).length === 1);
}

const ofSize: QuestionKind = (scene) =>
  onlyOfSize(scene).map(({ noun, size }) => ({
    text: `What is the ${size} thing?`,
    type: 'what is the',
    answer: noun,
    alternatives: otherNouns(scene, noun),
  }));

const categoryOfSize: QuestionKind = (scene) =>
  onlyOfSize(scene).map((object) => ({
    text: `What kind of thing is the ${object.size} one?`,
    type: 'what kind of',
    answer: categoryOfObject(object).name,
    options: categories.map(({ name }) => name),
    alternatives: [],
  }));

const sizeOf: QuestionKind = (scene) =>
  singles(scene).map(({ noun, size }) => ({
    text: `Is the ${noun} small or large?`,
    type: 'is the',
    answer: size,
    options: sizes,
    alternatives: sizes.filter((other) => other !== size),
  }));

const onlyThing: QuestionKind = (scene) => {
  const [first, ...others] = scene.objects;
  if (!first || others.length > 0) return [];
  return [{ text: 'What is in the picture?', type: 'what is in the', answer: first.noun, alternatives: [] }];
};

/** Every picture is asked one question of each of these. */
export const always: readonly QuestionKind[] = [nounPresent, nounAbsent];

/** And questions of some of these, drawn by lot. */
export const sometimes: readonly QuestionKind[] = [
  (scene) => [...nounCount(scene), ...categoryCount(scene)],
  categoryPresent,
  groundColor,
  neighbour,
  relation,
  ofSize,
  sizeOf,
  onlyThing,
  (scene) => [...neighbourCategory(scene), ...categoryOfSize(scene)],
];
