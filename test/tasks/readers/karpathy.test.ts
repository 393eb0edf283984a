import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { type KarpathySplit, readKarpathy } from '../../../tasks/readers/karpathy.js';
import { temporaryFolder } from '../../data/pictures.js';

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/karpathy');
const at = (name: string) => join(root, name);
const split: KarpathySplit = { annotations: at('dataset.json'), images: at('images') };

function problemsOf(changes: Partial<KarpathySplit>): string[] {
  try {
    readKarpathy({ ...split, ...changes });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${root}/`, '').split('\n');
  }
  throw new Error('nothing was wrong');
}

describe('readKarpathy', () => {
  it('makes an example of each picture with all its captions', () => {
    const [first] = readKarpathy({ ...split, split: 'train' });
    expect(first).toEqual({
      id: '0',
      picture: { id: '1000092795', path: at('images/1000092795.png') },
      captions: [
        { id: '0', text: 'Two young guys .' },
        { id: '1', text: 'Zwei Männer 🧍🧍' },
      ],
    });
  });

  it('says in one line that a file of COCO captions is none', () => {
    const folder = temporaryFolder();
    onTestFinished(() => folder.remove());
    const annotations = join(folder.path, 'captions.json');
    const images = Array.from({ length: 90 }, (_, id) => ({ id, file_name: `${id}.png` }));
    writeFileSync(
      annotations,
      JSON.stringify({ images, annotations: [{ id: 1, image_id: 1, caption: 'a cat' }] }),
    );
    const [line, ...others] = problemsOf({ annotations });
    expect(line).toMatch(
      /these are COCO captions, which the format "coco-captions" reads; .*"format": "coco-captions"/,
    );
    expect(others).toEqual([]);
  });

  it('counts restval to train where it is asked to, and finds the folder that an entry names', () => {
    expect(readKarpathy({ ...split, split: 'train' })).toHaveLength(1);
    const [, second] = readKarpathy({ ...split, split: 'train', restval: true });
    expect(second!.picture.path).toBe(at('images/val2014/COCO_val2014_000000000042.png'));
    expect(readKarpathy({ ...split, limit: 1 })).toHaveLength(1);
  });

  it('takes boxes by file name, and names the pictures that have none', () => {
    const problems = problemsOf({ instances: at('instances.json') });
    expect(problems).toEqual([
      'dataset.json /images/0/filename: picture 1000092795.png is not in instances.json',
      'dataset.json /images/2/filename: picture 1000092795.png is not in instances.json',
    ]);
  });

  it('names everything that is wrong at once', () => {
    expect(problemsOf({ annotations: at('wrong.json'), split: 'train' })).toEqual([
      'wrong.json /images/3/sentences: it has 0 items; at least 1',
      'wrong.json /images/4/sentences/0/raw: it is blank; expected a text',
      'wrong.json /images/1: imgid 0 is already used at /images/0',
      'wrong.json /images/1/sentences/0: sentid 0 is already used at /images/0/sentences/0',
      "wrong.json /images/2/filename: the picture's file name '../../../leak.png' leads out of images",
      'wrong.json /images/0/filename: the picture images/gone.png is missing',
      'wrong.json /images/1/filename: the picture images/zero.png is empty (0 bytes)',
    ]);
    expect(problemsOf({ split: 'val' })).toEqual([
      "dataset.json: no picture is of the split 'val'; one of train, restval, test",
    ]);
  });
});
