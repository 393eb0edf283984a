import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { type RefCocoSplit, readRefCoco } from '../../../tasks/readers/refCoco.js';

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/refcoco');
const at = (name: string) => join(root, name);
const split: RefCocoSplit = { refs: at('refs.json'), instances: at('instances.json'), images: at('images') };

function problemsOf(changes: Partial<RefCocoSplit>): string[] {
  try {
    readRefCoco({ ...split, ...changes });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${root}/`, '').split('\n');
  }
  throw new Error('nothing was wrong');
}

describe('readRefCoco', () => {
  it('makes an example of each sentence, with the boxes of the picture as candidates', () => {
    const examples = readRefCoco(split);
    expect(examples.map(({ id, ref, expression }) => [id, ref, expression])).toEqual([
      ['0', '0', 'man in white'],
      ['1', '0', 'der größere Mann 🧍'],
      ['2', '1', 'person'],
    ]);
    expect(examples[1]).toMatchObject({
      picture: {
        id: '1',
        boxes: [
          [1, 2, 11, 12],
          [20, 5, 35, 25],
        ],
        width: 40,
        height: 30,
      },
      truth: [20, 5, 35, 25],
    });
  });

  it('reads one split of the file', () => {
    expect(readRefCoco({ ...split, split: 'val' }).map(({ id }) => id)).toEqual(['2']);
    expect(problemsOf({ split: 'testA' })).toEqual([
      "refs.json: no ref is of the split 'testA'; one of train, val",
    ]);
  });

  it('takes the boxes of a detector as candidates, best first, in the format that is declared', () => {
    const detections = { file: at('detections.json'), boxes: { space: 'relative', layout: 'xyxy' } } as const;
    const [first, , third] = readRefCoco({ ...split, detections });
    expect(first!.picture.boxes).toEqual([
      [20, 3, 36, 30],
      [0, 0, 20, 15],
    ]);
    expect(third!.picture.boxes).toEqual([]);
    const sure = readRefCoco({ ...split, detections: { ...detections, minimumScore: 0.5 } });
    expect(sure[0]!.picture.boxes).toHaveLength(1);
  });

  it('names every wrong box of a detector', () => {
    expect(problemsOf({ detections: { file: at('detections_wrong.json') } })).toEqual([
      'detections_wrong.json /0/bbox: picture 1: the box [0, 0, 100, 5] hangs over its picture of 40 x 30 pixels (read as absolute xywh)',
      'detections_wrong.json /1/bbox: picture 1: the box [90, 0, 5, 5] lies outside its picture of 40 x 30 pixels',
      'detections_wrong.json /2/bbox: it has 3 items; exactly 4',
    ]);
  });

  it('names every wrong ref, picture and id at once', () => {
    expect(problemsOf({ refs: at('refs_wrong.json') })).toEqual([
      'refs_wrong.json /7: the key "ann_id" is missing',
      'refs_wrong.json /7/sentences: it has 0 items; at least 1',
      'refs_wrong.json /1: ref_id 0 is already used at /0',
      'refs_wrong.json /1/sentences/0: sent_id 0 is already used at /0/sentences/0',
      "instances.json picture 5: the picture's file name '../../leak.png' leads out of images",
      'refs_wrong.json /4: the picture images/gone.png is missing',
      'refs_wrong.json /5: the picture images/empty.png is empty (0 bytes)',
      `refs_wrong.json /2/ann_id: annotation 99 of picture 1 is not in instances.json`,
      'refs_wrong.json /3/image_id: picture 9 is not in instances.json',
    ]);
  });

  it('says when a file is empty or missing', () => {
    expect(problemsOf({ refs: at('zero.json'), instances: at('none.json') })).toEqual([
      'zero.json: the file is empty (0 bytes)',
      'none.json: no such file',
    ]);
  });
});
