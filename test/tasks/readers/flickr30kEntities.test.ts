import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { readMarks } from '../../../tasks/phraseGrounding/markedSentence.js';
import {
  type Flickr30kEntitiesSplit,
  readFlickr30kEntities,
} from '../../../tasks/readers/flickr30kEntities.js';

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/flickr30k_entities');
const at = (...names: string[]) => join(root, ...names);
const split: Flickr30kEntitiesSplit = {
  ids: at('train.txt'),
  annotations: root,
  images: at('flickr30k-images'),
};

function problemsOf(changes: Partial<Flickr30kEntitiesSplit>): string[] {
  try {
    readFlickr30kEntities({ ...split, ...changes });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${root}/`, '').split('\n');
  }
  throw new Error('nothing was wrong');
}

describe('readFlickr30kEntities', () => {
  it('makes an example of each caption, with the phrases that have boxes', () => {
    const examples = readFlickr30kEntities(split);
    const phrases = examples.map(({ id, phrases }) => [id, phrases.map(({ text }) => text)]);
    expect(phrases).toEqual([
      ['1000000001#0', ['Two women', 'red coats', 'a goose']],
      ['1000000001#1', ['Die Gänsemutter 🪿']],
      ['1000000001#4', ['A woman with a red coat', 'a red coat', 'a bird']],
      ['1000000002#0', ['A child']],
    ]);
    const [first, second] = examples;
    expect(first).toMatchObject({
      sentence: 'Two women in red coats feed a goose by the lake .',
      caption: 0,
    });
    for (const { sentence, phrases: own } of examples)
      for (const { text, start, end } of own) expect(sentence.slice(start, end)).toBe(text);
    expect(second!.sentence).toBe('Die Gänsemutter 🪿 frisst etwas aus ihrer Hand .');
    expect(second!.phrases[0]!.types).toEqual(['animals', 'other']);
  });

  it('counts pixels from 0 with the last one outside, and gives a chain all of its boxes', () => {
    const [first, , , last] = readFlickr30kEntities(split);
    const [women, coats, goose] = first!.phrases;
    expect(women!.truth).toEqual([
      [0, 0, 10, 20],
      [20, 5, 40, 30],
    ]);
    expect(coats!.truth).toEqual([[20, 5, 40, 30]]);
    expect(goose!.truth).toEqual([
      [10, 20, 20, 30],
      [10, 20, 20, 30],
    ]);
    // candidates: each box once
    expect(first!.picture).toEqual({
      id: '1000000001',
      path: at('flickr30k-images/1000000001.jpg'),
      boxes: [
        [0, 0, 10, 20],
        [20, 5, 40, 30],
        [10, 20, 20, 30],
      ],
      width: 40,
      height: 30,
    });
    // a box one pixel over the edge is cut
    expect(last!.phrases[0]!.truth).toEqual([[34, 0, 40, 30]]);
  });

  it('reads the first pictures only, and the boxes of a detector as candidates', () => {
    expect(readFlickr30kEntities({ ...split, limit: 1 })).toHaveLength(3);
    const detections = { file: at('detections.json') };
    const boxes = readFlickr30kEntities({ ...split, detections }).map(({ picture }) => picture.boxes);
    expect(boxes[0]).toEqual([
      [5, 5, 25, 25],
      [0, 0, 10, 10],
    ]);
    expect(boxes[3]).toEqual([]);
  });

  it('names everything that is wrong at once', () => {
    expect(problemsOf({ ids: at('val.txt') })).toEqual([
      'val.txt:2: id 2000000001 is already listed in line 1',
      "val.txt:3: '../2000000002' is not an id of a picture",
      'Annotations/2000000003.xml: no such file',
      'Sentences/2000000004.txt: no such file',
      'Annotations/2000000005.xml:10: the box xmin 90, ymin 1, xmax 99, ymax 10 lies outside its picture of 40 x 30 pixels',
      'Annotations/2000000005.xml:19: the box xmin 1, ymin 1, xmax 90, ymax 10 hangs over its picture of 40 x 30 pixels (read as absolute xyxy)',
      'Annotations/2000000005.xml:28: the box xmin 9, ymin 1, xmax 5, ymax 10 has no area (read as xyxy)',
      "Annotations/2000000005.xml:38: <xmin> is 'left', not a whole number",
      'Annotations/2000000005.xml:46: <ymax> is missing',
      'Annotations/2000000005.xml:52: <object> has no <name>',
      'Annotations/2000000006.xml:3:20: not XML: unexpected close tag',
      'Sentences/2000000007.txt: the file is empty (0 bytes)',
      'Annotations/2000000007.xml: the file is empty (0 bytes)',
      'Sentences/2000000008.txt:2:1: a [ that is not closed; [/EN#chain/type words]',
      "Sentences/2000000008.txt:3:1: '[/XX#1/people' is not a mark of a phrase; [/EN#chain/type words]",
      "Sentences/2000000008.txt:4:1: '/EN#' without a [ before it; [/EN#chain/type words]",
      'Sentences/2000000008.txt:5:1: a mark without words; [/EN#chain/type words]',
      'Annotations/2000000009.xml:6:14: not XML: undefined entity',
      'Annotations/2000000012.xml:1: the root is <picture>, not <annotation>',
      'Annotations/2000000012.xml:1: <size> is missing',
      'Annotations/2000000013.xml:3: a picture of 0 x 30 pixels',
      'Sentences/2000000014.txt:2: this line is not UTF-8',
      "Annotations/2000000010.xml: the picture's file name '../../leak.jpg' leads out of flickr30k-images",
      'val.txt:4: the picture flickr30k-images/2000000002.jpg is missing',
      'val.txt:13: the picture flickr30k-images/2000000011.jpg is empty (0 bytes)',
    ]);
  });

  it('says once that a folder or the list is missing, empty or blank', () => {
    expect(problemsOf({ ids: at('empty.txt'), annotations: at('flickr30k-images') })).toEqual([
      'empty.txt: the file is empty (0 bytes)',
      'flickr30k-images/Annotations: no such folder; Annotations and Sentences in it, as in annotations.zip',
      'flickr30k-images/Sentences: no such folder; Annotations and Sentences in it, as in annotations.zip',
    ]);
    expect(problemsOf({ ids: at('blank.txt') })).toEqual(['blank.txt: no id is listed']);
    expect(problemsOf({ ids: at('none.txt') })).toEqual(['none.txt: no such file']);
  });
});

describe('readMarks', () => {
  it('gives every phrase with its place, marks in marks too', () => {
    expect(readMarks('[/EN#1/people The man with  [/EN#2/clothing/other a hat]] sits .')).toEqual({
      text: 'The man with a hat sits .',
      phrases: [
        { text: 'The man with a hat', start: 0, end: 18, chain: '1', types: ['people'] },
        { text: 'a hat', start: 13, end: 18, chain: '2', types: ['clothing', 'other'] },
      ],
    });
  });

  it('reads brackets alone, and text without any', () => {
    expect(readMarks('[a man]')).toEqual({
      text: 'a man',
      phrases: [{ text: 'a man', start: 0, end: 5, types: [] }],
    });
    expect(readMarks('  a  man ')).toEqual({ text: 'a man', phrases: [] });
  });
});
