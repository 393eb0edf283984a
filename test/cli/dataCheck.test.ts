import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltCli, buildCli } from './builtCli.js';

const fixtures = resolve(import.meta.dirname, '../tasks/readers/fixtures');
const entities = (name: string) => join(fixtures, 'flickr30k_entities', name);
const vqa = (name: string) => join(fixtures, 'vqa_v2', name);

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli();
});
afterAll(() => cli.remove());

const phrases = (list: string) => ({
  ids: entities(list),
  annotations: entities(''),
  images: entities('flickr30k-images'),
});
const questions = (subset: string) => ({
  questions: vqa(`v2_OpenEnded_mscoco_${subset}_questions.json`),
  annotations: vqa(`v2_mscoco_${subset}_annotations.json`),
  images: vqa(subset),
});

/** Exit code, facts and every line of problems, without the path of the fixtures. */
async function check(kind: string, splits: object) {
  const regions = { kind: 'crop-pixels', size: 16 };
  const recipe = {
    name: kind,
    backbone: { from: 'scenes-tiny' },
    task: { kind },
    data: { ...splits, regions },
  };
  writeFileSync(join(cli.folder, 'recipe.json'), JSON.stringify(recipe));
  const { code, stdout, stderr } = await cli.here('data', 'check', 'recipe.json', '--quiet');
  const told = stderr.replaceAll(fixtures, '').replace(/\/(flickr30k_entities|vqa_v2)\//g, '');
  return { code, facts: stdout, told: told.trim().split('\n') };
}

it('finds nothing wrong in folders as they are published', async () => {
  const captions = await check('phrase-grounding', { train: phrases('train.txt') });
  expect({ code: captions.code, told: captions.told }).toEqual({ code: 0, told: [''] });
  expect(captions.facts).toMatch(/^train +4 +2 +\d+ +0 +1 \/ 2\.0 \/ 3$/m);
  const asked = await check('vqa', { train: questions('train2014') });
  expect({ code: asked.code, told: asked.told }).toEqual({ code: 0, told: [''] });
  expect(asked.facts).toMatch(/^train +3 +2 +\d+ +0 +-$/m);
});

it('tells everything that is wrong with a folder of Flickr30k Entities', async () => {
  const splits = { train: phrases('train.txt'), validation: phrases('val.txt'), test: phrases('test.txt') };
  const { code, told } = await check('phrase-grounding', splits);
  expect(code).toBe(2);
  expect(told).toEqual([
    'validation: 25 problems',
    'error: val.txt:2: id 2000000001 is already listed in line 1',
    "error: val.txt:3: '../2000000002' is not an id of a picture",
    'error: Annotations/2000000003.xml: no such file',
    'error: Sentences/2000000004.txt: no such file',
    'error: Annotations/2000000005.xml:10: the box xmin 90, ymin 1, xmax 99, ymax 10 lies outside its picture of 40 x 30 pixels',
    'error: Annotations/2000000005.xml:19: the box xmin 1, ymin 1, xmax 90, ymax 10 hangs over its picture of 40 x 30 pixels (read as absolute xyxy)',
    'error: Annotations/2000000005.xml:28: the box xmin 9, ymin 1, xmax 5, ymax 10 has no area (read as xyxy)',
    "error: Annotations/2000000005.xml:38: <xmin> is 'left', not a whole number",
    'error: Annotations/2000000005.xml:46: <ymax> is missing',
    'error: Annotations/2000000005.xml:52: <object> has no <name>',
    'error: Annotations/2000000006.xml:3:20: not XML: unexpected close tag',
    'error: Sentences/2000000007.txt: the file is empty (0 bytes)',
    'error: Annotations/2000000007.xml: the file is empty (0 bytes)',
    'error: Sentences/2000000008.txt:2:1: a [ that is not closed; [/EN#chain/type words]',
    "error: Sentences/2000000008.txt:3:1: '[/XX#1/people' is not a mark of a phrase; [/EN#chain/type words]",
    "error: Sentences/2000000008.txt:4:1: '/EN#' without a [ before it; [/EN#chain/type words]",
    'error: Sentences/2000000008.txt:5:1: a mark without words; [/EN#chain/type words]',
    'error: Annotations/2000000009.xml:6:14: not XML: undefined entity',
    'error: Annotations/2000000012.xml:1: the root is <picture>, not <annotation>',
    'error: Annotations/2000000012.xml:1: <size> is missing',
    'error: Annotations/2000000013.xml:3: a picture of 0 x 30 pixels',
    'error: Sentences/2000000014.txt:2: this line is not UTF-8',
    "error: Annotations/2000000010.xml: the picture's file name '../../leak.jpg' leads out of flickr30k-images",
    'error: val.txt:4: the picture flickr30k-images/2000000002.jpg is missing',
    'error: val.txt:13: the picture flickr30k-images/2000000011.jpg is empty (0 bytes)',
    'test: 2 problems',
    'error: flickr30k-images/3000000001.jpg example 3000000001#0: the picture is 40 x 30 pixels, the dataset says 400 x 300; the picture that its boxes were drawn on',
    'error: flickr30k-images/3000000002.jpg example 3000000002#0: this is not a picture; a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PBM, PGM or PPM file',
  ]);
});

it('tells everything that is wrong with a folder of VQA v2', async () => {
  const test = { ...questions('train2014'), questions: vqa('v2_OpenEnded_mscoco_test2015_questions.json') };
  const { code, told } = await check('vqa', {
    train: questions('train2014'),
    validation: questions('val2014'),
    test,
  });
  expect(code).toBe(2);
  expect(told).toEqual([
    'validation: 9 problems',
    'error: v2_OpenEnded_mscoco_val2014_questions.json /questions/7/question: it is blank; expected a text',
    'error: v2_OpenEnded_mscoco_val2014_questions.json /questions/1: question_id 1000 is already used at /questions/0',
    'error: v2_mscoco_val2014_annotations.json /annotations/2/answers: it has 0 items; exactly 10',
    'error: v2_mscoco_val2014_annotations.json /annotations/3/answers: it has 9 items; exactly 10',
    'error: v2_mscoco_val2014_annotations.json /annotations/8: question_id 3000 is already used at /annotations/7',
    'error: v2_mscoco_val2014_annotations.json /annotations/4/answers: all answers are empty',
    'error: v2_mscoco_val2014_annotations.json /annotations/5/image_id: question 1004 is about image_id 1, its annotation about 2',
    'error: v2_OpenEnded_mscoco_val2014_questions.json /questions/2/image_id: the picture val2014/COCO_val2014_000000000002.jpg is missing',
    'error: v2_OpenEnded_mscoco_val2014_questions.json /questions/8/image_id: the picture val2014/COCO_val2014_000000000003.jpg is empty (0 bytes)',
    'test: 1 problem',
    'error: v2_OpenEnded_mscoco_test2015_questions.json: the file is empty (0 bytes)',
  ]);
});
