import { createRandom, type Random } from '../../../random.js';
import { groupsOf, type Scene } from '../scene.js';
import { categoryOf, nounNamed } from '../vocabulary.js';
import { type AnnotationKind, infoOf, type SceneSet } from './annotationKind.js';
import { imageEntry, licenses } from './instances.js';
import {
  capitalized,
  categoryCounts,
  counted,
  groupPhrase,
  listed,
  numberWord,
  withArticle,
} from './phrases.js';
import { middleOf, relationsOf, singles } from './relations.js';

/** Captions a picture, as COCO has. */
const captionsAPicture = 5;

/** Says one thing about a scene, without a full stop; undefined where it does not apply. */
type Template = (scene: Scene, random: Random) => string | undefined;

function things(scene: Scene, random: Random, sized = false): string {
  return listed(random.shuffle(groupsOf(scene)).map((group) => groupPhrase(group, sized)));
}

const ground = ({ ground: { color } }: Scene, random: Random) =>
  `on ${withArticle(color)} ${random.pick(['ground', 'background'])}`;

const pictureWord = (random: Random) => random.pick(['picture', 'image', 'scene']);

const whole: Template = (scene, random) => `${things(scene, random)} ${ground(scene, random)}`;

const sized: Template = (scene, random) => `${things(scene, random, true)} ${ground(scene, random)}`;

const thereIs: Template = (scene, random) => {
  const words = things(scene, random, random.next() < 0.5);
  return `there ${/^an? /.test(words) ? 'is' : 'are'} ${words} in the ${pictureWord(random)}`;
};

const pictureOf: Template = (scene, random) =>
  `${withArticle(pictureWord(random))} ${random.pick(['of', 'with', 'that shows'])} ${things(scene, random)}`;

const groundFirst: Template = (scene, random) =>
  `the background is ${scene.ground.color}, with ${things(scene, random, random.next() < 0.5)} on it`;

const total: Template = (scene, random) => {
  if (groupsOf(scene).length === 1) return undefined;
  const count = `${numberWord(scene.objects.length)} things`;
  return `${count} ${ground(scene, random)}: ${things(scene, random)}`;
};

const byCategory: Template = (scene, random) => {
  const parts = categoryCounts(scene).map(({ category, count }) =>
    counted(count, category.singular, category.plural),
  );
  return `${listed(random.shuffle(parts))} ${ground(scene, random)}`;
};

const kindOfGroup: Template = (scene, random) => {
  const { noun, objects } = random.pick(groupsOf(scene));
  const { singular, plural } = categoryOf(nounNamed(noun));
  const names = groupPhrase({ noun, size: 'small', objects });
  return `${counted(objects.length, singular, plural)}, ${names}, ${ground(scene, random)}`;
};

const relation: Template = (scene, random) => {
  const known = relationsOf(scene);
  if (known.length === 0) return undefined;
  const { subject, direction, anchor } = random.pick(known);
  const withSize = random.next() < 0.5;
  const name = ({ noun, size }: typeof subject) => withArticle(withSize ? `${size} ${noun}` : noun);
  return `${name(subject)} ${direction} ${name(anchor)} ${ground(scene, random)}`;
};

const plainRelation: Template = (scene, random) => {
  const known = relationsOf(scene);
  if (known.length === 0) return undefined;
  const { subject, direction, anchor } = random.pick(known);
  return `the ${subject.noun} is ${direction} the ${anchor.noun}`;
};

const larger: Template = (scene, random) => {
  const things = singles(scene);
  const pairs = things.flatMap((a) => things.filter((b) => a.size !== b.size).map((b) => [a, b] as const));
  if (pairs.length === 0) return undefined;
  const [a, b] = random.pick(pairs);
  return `the ${a.noun} is ${a.size === 'large' ? 'larger' : 'smaller'} than the ${b.noun}`;
};

const place: Template = (scene, random) => {
  const known = singles(scene);
  if (known.length === 0) return undefined;
  const object = random.pick(known);
  const [x, y] = middleOf(object).map((middle) => Math.min(2, Math.floor((3 * middle) / scene.pixels)));
  const row = ['top', 'middle', 'bottom'][y!]!;
  const column = ['left', '', 'right'][x!]!;
  const words = [row, column].filter(Boolean).join(' ');
  return `${withArticle(`${object.size} ${object.noun}`)} at the ${words} of the ${pictureWord(random)}`;
};

/** These name all objects and are always possible; the others say something particular. */
const complete: readonly Template[] = [whole, sized, thereIs, pictureOf, groundFirst];
const particular: readonly Template[] = [
  total,
  byCategory,
  kindOfGroup,
  relation,
  plainRelation,
  larger,
  place,
];

/** Five different captions of a scene; the same seed gives the same ones. */
export function captionsOf(scene: Scene, seed: number): string[] {
  const random = createRandom('captions', seed, scene.split, scene.index);
  const order = [
    ...random.shuffle([...complete]).slice(0, 2),
    ...random.shuffle([...particular]),
    ...complete,
  ];
  const captions = new Set<string>();
  for (const template of order) {
    const text = template(scene, random);
    if (text) captions.add(`${capitalized(text)}.`);
    if (captions.size === captionsAPicture) break;
  }
  return random.shuffle([...captions]);
}

function annotate(set: SceneSet) {
  const all = set.scenes.flatMap((scene) =>
    captionsOf(scene, set.seed).map((caption) => ({ image_id: scene.id, caption })),
  );
  const content = {
    info: infoOf(set),
    licenses,
    images: set.scenes.map(imageEntry),
    annotations: all.map(({ image_id, caption }, i) => ({ image_id, id: i + 1, caption })),
  };
  return [{ name: `captions_${set.split}.json`, content: JSON.stringify(content) }];
}

/** Five sentences a picture, as COCO writes captions. */
export const captions: AnnotationKind = { kind: 'captions', annotate };
