import type { Scene, SceneObject } from '../scene.js';
import type { AnnotationFile, AnnotationKind, SceneSet } from './annotationKind.js';
import { captionSentencesOf } from './captions.js';
import type { Mention, Sentence } from './mentions.js';

const folder = 'flickr30k_entities';
/** Chains are numbered from the picture's number times this, so that no number is in two splits. */
const chainsAPicture = 100;
/** What the dataset calls words for nothing to be seen, and the number of their chain. */
const notVisual = 'notvisual';
const noChain = 0;

/** A picture's id: the name of its file without the ending. */
const idOf = ({ fileName }: Scene): string => fileName.replace(/\.\w+$/, '');

/** The chains of a scene: mentions of the same objects are of one chain, mentions of the ground of another. */
function chainsOf(scene: Scene, sentences: readonly Sentence[]) {
  const chains = new Map<string, { readonly number: number; readonly objects: readonly SceneObject[] }>();
  const keyOf = ({ objects }: Mention) =>
    objects
      .map((object) => scene.objects.indexOf(object))
      .sort()
      .join();
  const mentions = sentences.flat().filter((part) => typeof part !== 'string');
  for (const mention of mentions) {
    const key = keyOf(mention);
    if (mention.type === notVisual || chains.has(key)) continue;
    chains.set(key, {
      number: scene.id * chainsAPicture + chains.size + 1,
      objects: mention.objects,
    });
  }
  const numberOf = (mention: Mention) =>
    mention.type === notVisual ? noChain : chains.get(keyOf(mention))!.number;
  return { numberOf, all: [...chains.values()] };
}

type Chains = ReturnType<typeof chainsOf>;

/** A caption of the dataset: words and marks of punctuation apart, phrases in brackets. */
const written = (sentence: Sentence, { numberOf }: Chains): string =>
  sentence
    .map((part) =>
      typeof part === 'string'
        ? part.replace(/([,.:])/g, ' $1')
        : `[/EN#${numberOf(part)}/${part.type} ${part.words}]`,
    )
    .join('');

/** Pixels counted from 1, the last one inside, as the dataset has them. */
function objectXml({ box: [x, y, width, height] }: SceneObject, chains: readonly number[]): string[] {
  const sides = { xmin: x + 1, ymin: y + 1, xmax: x + width, ymax: y + height };
  return [
    '\t<object>',
    ...chains.map((chain) => `\t\t<name>${chain}</name>`),
    '\t\t<bndbox>',
    ...Object.entries(sides).map(([side, value]) => `\t\t\t<${side}>${value}</${side}>`),
    '\t\t</bndbox>',
    '\t</object>',
  ];
}

const groundXml = (chain: number): string[] => [
  '\t<object>',
  `\t\t<name>${chain}</name>`,
  '\t\t<scene>1</scene>',
  '\t\t<nobndbox>0</nobndbox>',
  '\t</object>',
];

function annotationsXml({ fileName, pixels, objects }: Scene, { all }: Chains): string {
  const boxes = objects.flatMap((object) => {
    const names = all.filter((chain) => chain.objects.includes(object)).map(({ number }) => number);
    return objectXml(object, names);
  });
  const grounds = all.filter((chain) => chain.objects.length === 0);
  const size = { width: pixels, height: pixels, depth: 3 };
  return [
    '<annotation>',
    `\t<filename>${fileName}</filename>`,
    '\t<size>',
    ...Object.entries(size).map(([name, value]) => `\t\t<${name}>${value}</${name}>`),
    '\t</size>',
    ...boxes,
    ...grounds.flatMap(({ number }) => groundXml(number)),
    '</annotation>',
    '',
  ].join('\n');
}

function annotate(set: SceneSet): AnnotationFile[] {
  const pictures = set.scenes.flatMap((scene): AnnotationFile[] => {
    const sentences = captionSentencesOf(scene, set.seed);
    const chains = chainsOf(scene, sentences);
    const lines = sentences.map((sentence) => `${written(sentence, chains)}\n`);
    return [
      { name: `${folder}/Sentences/${idOf(scene)}.txt`, content: lines.join('') },
      { name: `${folder}/Annotations/${idOf(scene)}.xml`, content: annotationsXml(scene, chains) },
    ];
  });
  const ids = set.scenes.map((scene) => `${idOf(scene)}\n`).join('');
  return [{ name: `${folder}/${set.split}.txt`, content: ids }, ...pictures];
}

/** The captions with their phrases tied to boxes, as Flickr30k Entities has them. */
export const flickr30kEntities: AnnotationKind = { kind: 'flickr30k-entities', annotate };
