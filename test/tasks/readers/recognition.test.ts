import { describe, expect, it } from 'vitest';
import type { FolderListing } from '../../../src/data/folderListing.js';
import type { Splits } from '../../../tasks/example.js';
import { tasks } from '../../../tasks/index.js';

const recognise = (kind: string, files: readonly string[], pictureFolders: readonly string[]): Splits => {
  const folder: FolderListing = { files, pictureFolders };
  return tasks.find((task) => task.kind === kind)?.recognise?.(folder) ?? {};
};

/** The names that the datasets' own sites give their files, as the archives unpack. */
describe('official files are recognised', () => {
  it('VQA v2 beside COCO; its test questions have no answers', () => {
    const files = [
      'vqa/v2_OpenEnded_mscoco_train2014_questions.json',
      'vqa/v2_mscoco_train2014_annotations.json',
      'vqa/v2_OpenEnded_mscoco_val2014_questions.json',
      'vqa/v2_mscoco_val2014_annotations.json',
      'vqa/v2_OpenEnded_mscoco_test2015_questions.json',
      'vqa/v2_OpenEnded_mscoco_test-dev2015_questions.json',
      'coco/annotations/instances_train2014.json',
      'coco/annotations/instances_val2014.json',
    ];
    const pictures = ['coco/train2014', 'coco/val2014', 'coco/test2015'];
    expect(recognise('vqa', files, pictures)).toEqual({
      train: {
        questions: 'vqa/v2_OpenEnded_mscoco_train2014_questions.json',
        annotations: 'vqa/v2_mscoco_train2014_annotations.json',
        images: 'coco/train2014',
        instances: 'coco/annotations/instances_train2014.json',
      },
      validation: {
        questions: 'vqa/v2_OpenEnded_mscoco_val2014_questions.json',
        annotations: 'vqa/v2_mscoco_val2014_annotations.json',
        images: 'coco/val2014',
        instances: 'coco/annotations/instances_val2014.json',
      },
    });
  });

  it('NLVR2, whose training pictures lie in folders', () => {
    const files = ['nlvr2/data/train.json', 'nlvr2/data/dev.json', 'nlvr2/data/test1.json'];
    const pictures = ['images/train/0', 'images/train/1', 'images/dev', 'images/test1'];
    expect(recognise('nlvr', files, pictures)).toEqual({
      train: { annotations: 'nlvr2/data/train.json', images: 'images/train' },
      validation: { annotations: 'nlvr2/data/dev.json', images: 'images/dev' },
      test: { annotations: 'nlvr2/data/test1.json', images: 'images/test1' },
    });
  });

  it.each([
    ['refcoco', 'refs(unc).json', 'testA'],
    ['refcoco+', 'refs(unc).json', 'testA'],
    ['refcocog', 'refs(umd).json', 'test'],
  ])('REFER as JSON: %s', (name, refs, test) => {
    const files = [`${name}/${refs}`, `${name}/instances.json`];
    const split = (word: string) => ({
      refs: `${name}/${refs}`,
      instances: `${name}/instances.json`,
      images: 'images/mscoco/images/train2014',
      split: word,
    });
    expect(recognise('grounding', files, ['images/mscoco/images/train2014'])).toEqual({
      train: split('train'),
      validation: split('val'),
      test: split(test),
    });
  });

  it("Karpathy's COCO, with restval in training and the folder of both years", () => {
    const split = (word: string) => ({ annotations: 'dataset_coco.json', images: 'coco', split: word });
    expect(recognise('retrieval', ['dataset_coco.json'], ['coco/train2014', 'coco/val2014'])).toEqual({
      train: { ...split('train'), restval: true },
      validation: split('val'),
      test: split('test'),
    });
  });

  it("Karpathy's Flickr30k", () => {
    const found = recognise('retrieval', ['dataset_flickr30k.json'], ['flickr30k-images']);
    expect(found.test).toEqual({
      annotations: 'dataset_flickr30k.json',
      images: 'flickr30k-images',
      split: 'test',
    });
    expect(found.train).not.toHaveProperty('restval');
  });

  it('Flickr30k Entities', () => {
    const files = ['train', 'val', 'test'].map((word) => `${word}.txt`);
    const all = [...files, 'Annotations/1000092795.xml', 'Sentences/1000092795.txt'];
    const split = (ids: string) => ({ ids, annotations: '.', images: 'flickr30k-images' });
    expect(recognise('phrase-grounding', all, ['flickr30k-images'])).toEqual({
      train: split('train.txt'),
      validation: split('val.txt'),
      test: split('test.txt'),
    });
    expect(recognise('phrase-grounding', files, ['flickr30k-images'])).toEqual({});
  });

  it('VCR, whose pictures lie in a folder a film', () => {
    const files = ['vcr1annots/train.jsonl', 'vcr1annots/val.jsonl', 'vcr1annots/README.md'];
    const found = recognise('vcr', files, ['vcr1images/lsmdc_0001_American_Beauty']);
    expect(found).toEqual({
      train: { annotations: 'vcr1annots/train.jsonl', images: 'vcr1images' },
      validation: { annotations: 'vcr1annots/val.jsonl', images: 'vcr1images' },
    });
  });

  it('COCO captions of either year', () => {
    const files = ['annotations/captions_train2017.json', 'annotations/captions_val2017.json'];
    expect(recognise('pretrain', files, ['train2017', 'val2017'])).toEqual({
      train: { captions: 'annotations/captions_train2017.json', images: 'train2017' },
      validation: { captions: 'annotations/captions_val2017.json', images: 'val2017' },
    });
  });
});

describe('files of other datasets', () => {
  it.each(tasks.map(({ kind }) => kind))('are not taken for %s', (kind) => {
    const files = ['train.csv', 'train.json', 'questions.json', 'notes/train.txt', 'train.jsonl', 'refs.bib'];
    expect(recognise(kind, files, ['pictures'])).toEqual({});
  });
});

it('of several folders with the same names the one that lies nearest is taken', () => {
  const files = [
    'a/v2_OpenEnded_mscoco_train_questions.json',
    'b/instances_train.json',
    'a/x/instances_train.json',
  ];
  expect(recognise('vqa', files, ['b/images/train', 'a/images/train']).train).toEqual({
    questions: 'a/v2_OpenEnded_mscoco_train_questions.json',
    images: 'a/images/train',
    instances: 'a/x/instances_train.json',
  });
});
