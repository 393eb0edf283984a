import { createRandom, type Random } from '../../../base/random.js';
import { groupsOf, type Scene, type SceneObject } from '../scene.js';
import { categoryOf, nounNamed } from '../vocabulary.js';
import { type AnnotationKind, infoOf, type SceneSet } from './annotationKind.js';
import { imageEntry, licenses } from './instances.js';
import { listedMentions, type Mention, reworded, type Sentence, say, textOf } from './mentions.js';
import {
  capitalized,
  categoryCounts,
  categoryOfObject,
  counted,
  groupPhrase,
  numberWord,
  withArticle,
} from './phrases.js';
import { middleOf, relationsOf, singles } from './relations.js';

/** Captions a picture, as COCO has. */
const captionsAPicture = 5;

/** Says one thing about a scene, without a full stop; undefined where it does not apply. */
type Template = (scene: Scene, random: Random) => Sentence | undefined;

/** Types of Flickr30k Entities by category; all others are `other`. */
const types: Readonly<Record<string, string>> = {
  animal: 'animals',
  vehicle: 'vehicles',
  clothing: 'clothing',
  instrument: 'instruments',
};

/** Words that mean these objects, of one category. */
function naming(objects: readonly SceneObject[], words: string): Mention {
  return { words, objects, type: types[categoryOfObject(objects[0]!).name] ?? 'other' };
}

const mention = (object: SceneObject, words: string) => naming([object], words);
const groundMention = (words: string): Mention => ({ words, objects: [], type: 'scene' });
const notVisual = (words: string): Mention => ({ words, objects: [], type: 'notvisual' });

const things = (scene: Scene, random: Random, sized = false): Sentence =>
  listedMentions(
    random.shuffle(groupsOf(scene)).map((group) => naming(group.objects, groupPhrase(group, sized))),
  );

const ground = ({ ground: { color } }: Scene, random: Random): Sentence =>
  say`on ${groundMention(`${withArticle(color)} ${random.pick(['ground', 'background'])}`)}`;

const pictureWord = (random: Random) => random.pick(['picture', 'image', 'scene']);

const whole: Template = (scene, random) => say`${things(scene, random)} ${ground(scene, random)}`;

const sized: Template = (scene, random) => say`${things(scene, random, true)} ${ground(scene, random)}`;

const thereIs: Template = (scene, random) => {
  const words = things(scene, random, random.next() < 0.5);
  const verb = /^an? /.test(textOf(words)) ? 'is' : 'are';
  return say`there ${verb} ${words} in ${notVisual(`the ${pictureWord(random)}`)}`;
};

const pictureOf: Template = (scene, random) =>
  say`${notVisual(withArticle(pictureWord(random)))} ${random.pick(['of', 'with', 'that shows'])} ${things(scene, random)}`;

const groundFirst: Template = (scene, random) =>
  say`${groundMention('the background')} is ${scene.ground.color}, with ${things(scene, random, random.next() < 0.5)} on it`;

const total: Template = (scene, random) => {
  if (groupsOf(scene).length === 1) return undefined;
  const words = `${numberWord(scene.objects.length)} things`;
  const all: Mention = { words, objects: scene.objects, type: 'other' };
  return say`${all} ${ground(scene, random)}: ${things(scene, random)}`;
};

const byCategory: Template = (scene, random) => {
  const parts = categoryCounts(scene).map(({ category, count }) => {
    const objects = scene.objects.filter((object) => categoryOfObject(object).name === category.name);
    return naming(objects, counted(count, category.singular, category.plural));
  });
  return say`${listedMentions(random.shuffle(parts))} ${ground(scene, random)}`;
};

const kindOfGroup: Template = (scene, random) => {
  const { noun, objects } = random.pick(groupsOf(scene));
  const { singular, plural } = categoryOf(nounNamed(noun));
  const kind = naming(objects, counted(objects.length, singular, plural));
  const names = naming(objects, groupPhrase({ noun, size: 'small', objects }));
  return say`${kind}, ${names}, ${ground(scene, random)}`;
};

const relation: Template = (scene, random) => {
  const known = relationsOf(scene);
  if (known.length === 0) return undefined;
  const { subject, direction, anchor } = random.pick(known);
  const withSize = random.next() < 0.5;
  const name = (one: SceneObject) =>
    mention(one, withArticle(withSize ? `${one.size} ${one.noun}` : one.noun));
  return say`${name(subject)} ${direction} ${name(anchor)} ${ground(scene, random)}`;
};

const theObject = (object: SceneObject) => mention(object, `the ${object.noun}`);

const plainRelation: Template = (scene, random) => {
  const known = relationsOf(scene);
  if (known.length === 0) return undefined;
  const { subject, direction, anchor } = random.pick(known);
  return say`${theObject(subject)} is ${direction} ${theObject(anchor)}`;
};

const larger: Template = (scene, random) => {
  const things = singles(scene);
  const pairs = things.flatMap((a) => things.filter((b) => a.size !== b.size).map((b) => [a, b] as const));
  if (pairs.length === 0) return undefined;
  const [a, b] = random.pick(pairs);
  return say`${theObject(a)} is ${a.size === 'large' ? 'larger' : 'smaller'} than ${theObject(b)}`;
};

const place: Template = (scene, random) => {
  const known = singles(scene);
  if (known.length === 0) return undefined;
  const object = random.pick(known);
  const [x, y] = middleOf(object).map((middle) => Math.min(2, Math.floor((3 * middle) / scene.pixels)));
  const row = ['top', 'middle', 'bottom'][y!]!;
  const column = ['left', '', 'right'][x!]!;
  const words = [row, column].filter(Boolean).join(' ');
  const named = mention(object, withArticle(`${object.size} ${object.noun}`));
  return say`${named} at the ${words} of ${notVisual(`the ${pictureWord(random)}`)}`;
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

/** Five different captions of a scene with what their words mean; the same seed gives the same ones. */
export function captionSentencesOf(scene: Scene, seed: number): Sentence[] {
  const random = createRandom('captions', seed, scene.split, scene.index);
  const order = [
    ...random.shuffle([...complete]).slice(0, 2),
    ...random.shuffle([...particular]),
    ...complete,
  ];
  const captions = new Map<string, Sentence>();
  for (const template of order) {
    const sentence = template(scene, random);
    if (sentence) {
      const written = [...reworded(sentence, (words, at) => (at === 0 ? capitalized(words) : words)), '.'];
      if (!captions.has(textOf(written))) captions.set(textOf(written), written);
    }
    if (captions.size === captionsAPicture) break;
  }
  return random.shuffle([...captions.values()]);
}

/** The captions as plain text. */
export const captionsOf = (scene: Scene, seed: number): string[] =>
  captionSentencesOf(scene, seed).map(textOf);

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
