import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captionsOf } from '../../../src/data/emojiScenes/annotations/captions.js';
import { flickr30kEntities } from '../../../src/data/emojiScenes/annotations/flickr30kEntities.js';
import type { SceneObject } from '../../../src/data/emojiScenes/scene.js';
import { nouns } from '../../../src/data/emojiScenes/vocabulary.js';
import { writeAnnotations } from '../../../src/data/emojiScenes/writeAnnotations.js';
import type { PhraseGroundingExample } from '../../../tasks/examples.js';
import { readFlickr30kEntities } from '../../../tasks/readers/flickr30kEntities.js';
import { temporaryFolder } from '../pictures.js';
import { plannedScenes } from './sceneSets.js';

const set = plannedScenes('train', 60);
const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
let examples: readonly PhraseGroundingExample[];
beforeAll(async () => {
  mkdirSync(at('images/train'), { recursive: true });
  for (const { fileName } of set.scenes) writeFileSync(at('images/train', fileName), fileName);
  await writeAnnotations(folder.path, flickr30kEntities.annotate(set));
  examples = readFlickr30kEntities({
    ids: at('flickr30k_entities/train.txt'),
    annotations: at('flickr30k_entities'),
    images: at('images/train'),
  });
});
afterAll(() => folder.remove());

const sceneOf = ({ picture }: PhraseGroundingExample) =>
  set.scenes.find(({ fileName }) => fileName === `${picture.id}.png`)!;
const cornersOf = ({ box: [x, y, width, height] }: SceneObject) => [x, y, x + width, y + height];
const inOrder = (boxes: readonly (readonly number[])[]) => boxes.map((box) => box.join()).sort();

describe('phrases of emoji-scenes', () => {
  it('are those of the captions, of which every picture has five, as the reader of Flickr30k Entities reads them', () => {
    const pictures = new Set(examples.map(({ picture }) => picture.id));
    expect(pictures.size).toBe(set.scenes.length);
    for (const example of examples) {
      const caption = captionsOf(sceneOf(example), set.seed)[example.caption!]!;
      expect(example.sentence.replace(/ ([,.:])/g, '$1')).toBe(caption);
    }
  });

  it('have the boxes of all objects of the noun that they name', () => {
    let checked = 0;
    for (const example of examples) {
      const { objects } = sceneOf(example);
      expect(inOrder(example.picture.boxes!)).toEqual(inOrder(objects.map(cornersOf)));
      for (const { text, truth } of example.phrases) {
        const words = text.toLowerCase().replace(/^\S+ (small |large )?/, '');
        const noun = nouns.find(({ name, plural }) => name === words || plural === words);
        if (!noun) continue;
        checked++;
        const named = objects.filter((object) => object.noun === noun.name);
        expect(inOrder(truth!), `${example.id} ${text}`).toEqual(inOrder(named.map(cornersOf)));
      }
    }
    expect(checked).toBeGreaterThan(300);
  });

  it('have the same chain where they mean the same, in no other picture', () => {
    const boxesOf = new Map<string, string>();
    for (const { picture, phrases } of examples)
      for (const { chain, truth } of phrases) {
        const boxes = `${picture.id} ${inOrder(truth!).join(' ')}`;
        expect(boxesOf.get(chain!) ?? boxes).toBe(boxes);
        boxesOf.set(chain!, boxes);
      }
    expect(new Set(boxesOf.values()).size).toBe(boxesOf.size);
  });

  it('are of the types of the dataset, grounds and what is not to be seen left out', () => {
    const types = new Set(examples.flatMap(({ phrases }) => phrases.flatMap((phrase) => phrase.types)));
    expect([...types].sort()).toEqual(['animals', 'clothing', 'instruments', 'other', 'vehicles']);
  });

  it('are the same for the same scenes', () => {
    expect(flickr30kEntities.annotate(set)).toEqual(flickr30kEntities.annotate(set));
  });
});
