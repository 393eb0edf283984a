import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { type Nlvr2Split, readNlvr2 } from '../../../tasks/readers/nlvr2.js';

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/nlvr2');
const data = (name: string) => join(root, 'data', name);
const images = (...parts: string[]) => join(root, 'images', ...parts);
const dev: Nlvr2Split = { annotations: data('dev.json'), images: images('dev') };

function problemsOf(split: Nlvr2Split): string[] {
  try {
    readNlvr2(split);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${root}/`, '').split('\n');
  }
  throw new Error('nothing was wrong');
}

describe('readNlvr2', () => {
  it('finds the pictures of train in the folder that a line names, or beside them', () => {
    const examples = readNlvr2({ annotations: data('train.json'), images: images('train') });
    expect(examples[0]).toEqual({
      id: 'train-10171-0-0',
      sentence: 'The right image shows a curving walkway of dark glass circling a lower building.',
      left: { id: 'train-10171-0-img0', path: images('train/39/train-10171-0-img0.png') },
      right: { id: 'train-10171-0-img1', path: images('train/39/train-10171-0-img1.png') },
      label: false,
    });
    expect(examples.map(({ id, label }) => [id, label])).toEqual([
      ['train-10171-0-0', false],
      ['train-10171-0-1', true],
      ['train-20000-1-0', true],
    ]);
    expect(examples[2]!.right.path).toBe(images('train/train-20000-1-img1.png'));
  });

  it('reads flat folders, a byte order mark, CRLF, blank lines and any language', () => {
    const examples = readNlvr2(dev);
    expect(examples.map(({ id, label, left }) => [id, label, left.path])).toEqual([
      ['dev-850-0-0', true, images('dev/dev-850-0-img0.png')],
      ['dev-850-1-0', false, images('dev/dev-850-1-img0.png')],
    ]);
    expect(examples[0]!.sentence).toBe('Every dog – “même” 🐕 – stands.');
  });

  it('reads a test set without labels, and the first lines only', () => {
    const hidden = { annotations: data('test_hidden.json'), images: images('test1') };
    expect(readNlvr2(hidden)).toEqual([expect.not.objectContaining({ label: expect.anything() })]);
    expect(readNlvr2({ ...dev, limit: 1 })).toHaveLength(1);
  });

  it('takes boxes from an instances file by the names of the pictures', () => {
    const [first, second] = readNlvr2({ ...dev, instances: data('instances_dev.json') });
    expect(first!.left).toMatchObject({ boxes: [[1, 1, 3, 4]], width: 4, height: 4 });
    expect(first!.right.boxes).toEqual([]);
    expect(second!.left.boxes).toEqual([[3, 0, 4, 2]]);
  });

  it('tells everything that is wrong at once, with its line', () => {
    expect(problemsOf({ ...dev, annotations: data('wrong.json') })).toEqual([
      'data/wrong.json:1 /label: "true" is not known; did you mean "True"?',
      'data/wrong.json:2:51: not JSON: a closing } was expected here',
      'data/wrong.json:6 /identifier: "dev-850-1" is not allowed; split-set-pair-sentence, for example dev-850-0-0',
      'data/wrong.json:6 /sentence: it is blank; expected a text',
      'data/wrong.json:7: the key "identifier" is missing: split-set-pair-sentence, for example dev-850-0-0',
      'data/wrong.json:7: the key "sentence" is missing',
      'data/wrong.json:8: it is an array ([]); expected an object',
      'data/wrong.json:12: this line is not UTF-8',
      'data/wrong.json:5: identifier dev-850-1-0 is already used in line 3',
      "data/wrong.json:11: the directory '../../..' leads out of images/dev",
      'data/wrong.json:9: the picture images/dev/dev-7-0-img0.png is missing',
      'data/wrong.json:10: the picture images/dev/dev-7-1-img0.png is empty (0 bytes)',
      'data/wrong.json:10: the picture images/dev/dev-7-1-img1.png is missing',
    ]);
  });

  it('names boxes outside their picture and pictures without an entry', () => {
    expect(problemsOf({ ...dev, instances: data('instances_outside.json') })).toEqual([
      'data/instances_outside.json /annotations/2/bbox: the box [40, 0, 2, 2] lies outside its picture of 4 x 4 pixels; ' +
        '[x, y, width, height] in pixels',
    ]);
    expect(problemsOf({ ...dev, instances: data('instances_lacking.json') })).toEqual([
      'data/dev.json:2: picture dev-850-1-img1.png is not in data/instances_lacking.json',
    ]);
  });

  it('says that a file is missing, empty, blank or something else', () => {
    const of = (name: string) => problemsOf({ ...dev, annotations: data(name) });
    expect(of('empty.json')).toEqual(['data/empty.json: the file is empty (0 bytes)']);
    expect(of('blank.json')).toEqual(['data/blank.json: the file has blank lines only']);
    expect(of('none.json')).toEqual(['data/none.json: no such file']);
    expect(of('.')).toEqual(['data: this is not a file']);
  });

  it('looks for no picture where features are read instead', () => {
    const examples = readNlvr2({
      annotations: data('train.json'),
      images: images('none'),
      checkImages: false,
    });
    expect(examples[2]!.left.path).toBe(images('none/12/train-20000-1-img0.png'));
  });
});
