import { createRandom, type Random } from '../../../base/random.js';
import type { Scene, SceneObject } from '../scene.js';
import { nounNamed } from '../vocabulary.js';
import type { AnnotationFile, AnnotationKind, SceneSet } from './annotationKind.js';
import { categoryOfObject } from './phrases.js';
import { directions, lies, middleOf, singles } from './relations.js';

/** Things of a picture that are referred to, and expressions for each. */
const refsAPicture = 2;
const sentencesARef = 2;
/** Share of the picture's side by which the outermost thing must lie beyond the next. */
const clear = 0.06;

const extremes = [
  ['leftmost', 0, -1],
  ['rightmost', 0, 1],
  ['topmost', 1, -1],
  ['bottommost', 1, 1],
] as const;

/** Things that an expression may mean, and what they are called. */
interface Pool {
  readonly name: string;
  readonly members: readonly SceneObject[];
}

function poolsOf({ objects }: Scene, object: SceneObject): Pool[] {
  const category = categoryOfObject(object);
  const sameCategory = objects.filter((other) => categoryOfObject(other).name === category.name);
  const pools = [
    { name: nounNamed(object.noun).name, members: objects.filter(({ noun }) => noun === object.noun) },
    { name: category.singular, members: sameCategory },
    { name: 'thing', members: objects },
  ];
  const sized = pools.map(({ name, members }) => ({
    name: `${object.size} ${name}`,
    members: members.filter(({ size }) => size === object.size),
  }));
  return [...pools, ...sized];
}

/** Whether an object lies clearly beyond all others that way. */
function isOutermost(
  object: SceneObject,
  others: readonly SceneObject[],
  axis: 0 | 1,
  sign: 1 | -1,
  pixels: number,
) {
  const place = (one: SceneObject) => sign * middleOf(one)[axis]!;
  return others.every((other) => other === object || place(object) - place(other) >= clear * pixels);
}

/** Every expression that means this object and no other of its scene. */
function expressionsFor(scene: Scene, object: SceneObject): string[] {
  const anchors = singles(scene).filter((anchor) => anchor !== object);
  return poolsOf(scene, object).flatMap(({ name, members }) => {
    if (members.length === 1) return [`the ${name}`];
    const outermost = extremes
      .filter(([, axis, sign]) => isOutermost(object, members, axis, sign, scene.pixels))
      .map(([word]) => `the ${word} ${name}`);
    const beside = anchors.flatMap((anchor) =>
      directions
        .filter((direction) => {
          const there = members.filter((one) => one !== anchor && lies(one, direction, anchor, scene.pixels));
          return there.length === 1 && there[0] === object;
        })
        .map((direction) => `the ${name} ${direction} the ${anchor.noun}`),
    );
    return [...outermost, ...beside];
  });
}

interface Ref {
  readonly scene: Scene;
  /** Place of the object in its scene. */
  readonly object: number;
  readonly sentences: readonly string[];
  /** Of the scene's refs, from 0: with the scene's number it is in no other split. */
  readonly number: number;
}

function refsOf(scene: Scene, random: Random): Ref[] {
  if (scene.objects.length < 2) return [];
  const order = random.shuffle([...scene.objects.keys()]);
  const refs: Ref[] = [];
  for (const object of order) {
    if (refs.length === refsAPicture) break;
    const known = random.shuffle(expressionsFor(scene, scene.objects[object] as SceneObject));
    if (known.length > 0)
      refs.push({ scene, object, sentences: known.slice(0, sentencesARef), number: refs.length });
  }
  return refs;
}

function annotate(set: SceneSet): AnnotationFile[] {
  const { split, seed, scenes } = set;
  const refs = scenes.flatMap((scene) => refsOf(scene, createRandom('refcoco', seed, split, scene.index)));
  const firstAnnotation = new Map<Scene, number>();
  let annotation = 1;
  for (const scene of scenes) {
    firstAnnotation.set(scene, annotation);
    annotation += scene.objects.length;
  }
  const items = refs.map(({ scene, object, sentences, number }) => {
    const written = sentences.map((sent, i) => ({
      tokens: sent.split(' '),
      raw: sent,
      sent_id: (scene.id * refsAPicture + number) * sentencesARef + i,
      sent,
    }));
    return {
      sent_ids: written.map(({ sent_id }) => sent_id),
      file_name: scene.fileName,
      ann_id: firstAnnotation.get(scene)! + object,
      ref_id: scene.id * refsAPicture + number,
      image_id: scene.id,
      split,
      sentences: written,
    };
  });
  return [{ name: `refs_${split}.json`, content: JSON.stringify(items) }];
}

/**
 * Expressions that mean one thing of a picture, as REFER writes the refs of RefCOCO; boxes are those of the instances
 * file.
 */
export const refCoco: AnnotationKind = { kind: 'refcoco', annotate };
