import { describe, expect, it } from 'vitest';
import { captions } from '../../../src/data/emojiScenes/annotations/captions.js';
import { annotationKinds } from '../../../src/data/emojiScenes/annotations/index.js';
import { instances } from '../../../src/data/emojiScenes/annotations/instances.js';
import { vqa } from '../../../src/data/emojiScenes/annotations/vqa.js';
import { nouns } from '../../../src/data/emojiScenes/vocabulary.js';
import { jsonOf, plannedScenes } from './sceneSets.js';

interface VqaAnnotation {
  question_id: number;
  image_id: number;
  question_type: string;
  answer_type: string;
  multiple_choice_answer: string;
  answers: { answer: string; answer_confidence: string; answer_id: number }[];
}
interface VqaQuestion {
  question_id: number;
  image_id: number;
  question: string;
}

const set = plannedScenes('train', 1200);
const [questionFile, annotationFile] = vqa.annotate(set);
const { questions } = jsonOf<{ questions: VqaQuestion[] }>(questionFile);
const { annotations } = jsonOf<{ annotations: VqaAnnotation[] }>(annotationFile);
const asked = questions.map(({ question }, i) => ({ question, ...annotations[i]! }));
const sceneOf = new Map(set.scenes.map((scene) => [scene.id, scene]));

function answerCounts(select: (item: (typeof asked)[number]) => string | undefined) {
  const counts = new Map<string, Map<string, number>>();
  for (const item of asked) {
    const key = select(item);
    if (key === undefined) continue;
    const of = counts.get(key) ?? counts.set(key, new Map()).get(key)!;
    of.set(item.multiple_choice_answer, (of.get(item.multiple_choice_answer) ?? 0) + 1);
  }
  return counts;
}

describe('annotation files', () => {
  it('have the official names and are the same for the same scenes', () => {
    const files = annotationKinds.flatMap((kind) => kind.annotate(set));
    const names = files.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.slice(0, 4)).toEqual([
      'instances_train.json',
      'captions_train.json',
      'v2_OpenEnded_mscoco_train_questions.json',
      'v2_mscoco_train_annotations.json',
    ]);
    expect(annotationKinds.flatMap((kind) => kind.annotate(set))).toEqual(files);
  });

  it('list instances as COCO does', () => {
    const coco = jsonOf<{
      images: readonly object[];
      annotations: readonly { category_id: number }[];
      categories: readonly object[];
    }>(instances.annotate(set)[0]);
    expect(Object.keys(coco)).toEqual(['info', 'licenses', 'images', 'annotations', 'categories']);
    expect(coco.images[0]).toMatchObject({ id: 1, file_name: 'scene_1.png', width: 160, height: 160 });
    const [first] = coco.annotations;
    const { noun, box, area } = set.scenes[0]!.objects[0]!;
    expect(first).toEqual({
      id: 1,
      image_id: 1,
      category_id: expect.any(Number),
      bbox: box,
      area,
      iscrowd: 0,
    });
    expect(coco.categories[first!.category_id - 1]).toMatchObject({ id: first!.category_id, name: noun });
  });
});

describe('captions', () => {
  const file = jsonOf<{ annotations: { id: number; image_id: number; caption: string }[] }>(
    captions.annotate(set)[0],
  );
  const texts = file.annotations.map(({ caption }) => caption);

  it('are five different sentences a picture', () => {
    expect(file.annotations).toHaveLength(5 * set.scenes.length);
    const different = new Set(file.annotations.map(({ image_id, caption }) => `${image_id} ${caption}`));
    expect(different.size).toBe(texts.length);
    for (const text of texts) expect(text).toMatch(/^[A-Z][a-z ,:]+[a-z]\.$/);
  });

  it('use the right article and number', () => {
    const plurals = nouns.filter(({ name, plural }) => name !== plural).map(({ plural }) => plural);
    const wrong = new RegExp(`\\b(an?|one) (${plurals.join('|')})\\b`, 'i');
    for (const text of texts) {
      expect(text).not.toMatch(/\ba [aeiou]|\ban [^aeiou]/i);
      expect(text).not.toMatch(wrong);
      expect(text).not.toMatch(/\bthere are an? |\bthere is (two|three|four)/i);
    }
  });

  it('need at most 400 words', () => {
    const words = new Set(texts.flatMap((text) => text.toLowerCase().match(/[a-z]+/g)!));
    expect(words.size).toBeLessThanOrEqual(400);
  });

  it('name only nouns that the picture shows', () => {
    for (const { image_id, caption } of file.annotations) {
      const shown = new Set(sceneOf.get(image_id)!.objects.map(({ noun }) => noun));
      for (const { name, plural } of nouns) {
        if (new RegExp(`\\b(${name}|${plural})\\b`, 'i').test(caption)) expect(shown).toContain(name);
      }
    }
  });
});

describe('questions', () => {
  it('have ten answers each and the keys of VQA v2', () => {
    expect(questions.map(({ question_id }) => question_id)).toEqual(
      annotations.map(({ question_id }) => question_id),
    );
    expect(new Set(questions.map(({ question_id }) => question_id)).size).toBe(questions.length);
    for (const { answers, answer_type } of annotations) {
      expect(answers.map(({ answer_id }) => answer_id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(['yes/no', 'number', 'other']).toContain(answer_type);
    }
    for (const { question, question_type } of asked) {
      expect(question.toLowerCase().startsWith(question_type)).toBe(true);
    }
  });

  it('are about six a picture, all different', () => {
    expect(questions.length / set.scenes.length).toBeGreaterThan(5.5);
    const different = new Set(questions.map(({ image_id, question }) => `${image_id} ${question}`));
    expect(different.size).toBe(questions.length);
  });

  it('take the most frequent answer as the right one, with a little doubt on some', () => {
    let doubted = 0;
    for (const { answers, multiple_choice_answer } of annotations) {
      const agreeing = answers.filter(({ answer }) => answer === multiple_choice_answer).length;
      expect(agreeing).toBeGreaterThanOrEqual(7);
      if (agreeing < 10) doubted++;
    }
    expect(doubted / annotations.length).toBeGreaterThan(0.1);
    expect(doubted / annotations.length).toBeLessThan(0.4);
  });

  it('ask for each noun as often where it is as where it is not', () => {
    for (const [, counts] of answerCounts(({ question }) => /^Is there an? .*/.exec(question)?.[0])) {
      expect(Math.abs((counts.get('yes') ?? 0) - (counts.get('no') ?? 0))).toBeLessThanOrEqual(2);
    }
  });

  it('have the counts 1 to 4 equally often', () => {
    const counts = [...answerCounts(({ question_type: type }) => type).get('how many')!];
    expect(counts.map(([answer]) => answer).sort()).toEqual(['1', '2', '3', '4']);
    const mean = counts.reduce((sum, [, n]) => sum + n, 0) / 4;
    for (const [, n] of counts) expect(Math.abs(n / mean - 1)).toBeLessThan(0.15);
  });

  it('count what is there', () => {
    for (const { question, image_id, multiple_choice_answer } of asked) {
      const plural = /^How many (.+) are there/.exec(question)?.[1];
      const noun = nouns.find((known) => known.plural === plural)?.name;
      if (!noun) continue;
      const { objects } = sceneOf.get(image_id)!;
      expect(objects.filter((object) => object.noun === noun)).toHaveLength(Number(multiple_choice_answer));
    }
  });

  it('ask only for a neighbour that is the only one on that side', () => {
    for (const { question, image_id, multiple_choice_answer } of asked) {
      const anchorName = /^What is to the left of the (.+)\?$/.exec(question)?.[1];
      if (!anchorName) continue;
      const { objects, pixels } = sceneOf.get(image_id)!;
      const middle = (box: readonly number[]) => box[0]! + box[2]! / 2;
      const [anchor] = objects.filter(({ noun }) => noun === anchorName);
      const left = objects.filter(({ box }) => middle(anchor!.box) - middle(box) >= 0.12 * pixels);
      expect(left.map(({ noun }) => noun)).toEqual([multiple_choice_answer]);
    }
  });
});
