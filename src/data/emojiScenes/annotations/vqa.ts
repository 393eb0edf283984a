import { createRandom, type Random } from '../../../base/random.js';
import type { Scene } from '../scene.js';
import { type AnnotationKind, infoOf, type SceneSet } from './annotationKind.js';
import { type Balance, createBalance } from './balance.js';
import { always, type Question, type QuestionKind, sometimes } from './questions.js';

const questionsAPicture = 6;
const annotators = 10;
/** How often an annotator gives another plausible answer, and how many of the ten may. */
const doubt = 1 / 12;
const mostDoubters = 3;
/** VQA v2 numbers the questions of an image from `image_id * 1000`. */
const questionsAnImage = 1000;
const license = {
  name: 'Apache-2.0',
  url: 'https://www.apache.org/licenses/LICENSE-2.0',
};

/** About six different questions about a scene; `balance` sees those of the whole split. */
function questionsOf(scene: Scene, random: Random, balance: Balance): Question[] {
  const questions: Question[] = [];
  const ask = (kind: QuestionKind) => {
    const fresh = kind(scene).filter(({ text }) => questions.every((other) => other.text !== text));
    const question = balance.take(random.shuffle(fresh));
    if (question) questions.push(question);
  };
  for (const kind of [...always, ...random.shuffle([...sometimes]), ...sometimes]) {
    if (questions.length < questionsAPicture) ask(kind);
  }
  return random.shuffle(questions);
}

/** What ten people answer: mostly the truth, and never so few of them that another answer wins. */
function answersOf({ answer, alternatives }: Question, random: Random) {
  let doubters = 0;
  return Array.from({ length: annotators }, (_, i) => {
    const doubts = alternatives.length > 0 && random.next() < doubt && doubters < mostDoubters;
    if (doubts) doubters++;
    return {
      answer: doubts ? random.pick(alternatives) : answer,
      answer_confidence: doubts ? 'maybe' : 'yes',
      answer_id: i + 1,
    };
  });
}

function answerType({ answer }: Question): 'yes/no' | 'number' | 'other' {
  if (answer === 'yes' || answer === 'no') return 'yes/no';
  return /^\d+$/.test(answer) ? 'number' : 'other';
}

function annotate(set: SceneSet) {
  const balance = createBalance();
  const all = set.scenes.flatMap((scene) => {
    const random = createRandom('vqa', set.seed, scene.split, scene.index);
    return questionsOf(scene, random, balance).map((question, i) => ({
      question,
      answers: answersOf(question, random),
      ids: { image_id: scene.id, question_id: scene.id * questionsAnImage + i },
    }));
  });
  const head = { info: infoOf(set), data_type: 'mscoco', data_subtype: set.split, license };
  const questions = all.map(({ question, ids: { image_id, question_id } }) => ({
    image_id,
    question: question.text,
    question_id,
  }));
  const annotations = all.map(({ question, answers, ids: { image_id, question_id } }) => ({
    question_type: question.type,
    multiple_choice_answer: question.answer,
    answers,
    image_id,
    answer_type: answerType(question),
    question_id,
  }));
  return [
    {
      name: `v2_OpenEnded_mscoco_${set.split}_questions.json`,
      content: JSON.stringify({ ...head, task_type: 'Open-Ended', questions }),
    },
    {
      name: `v2_mscoco_${set.split}_annotations.json`,
      content: JSON.stringify({ ...head, annotations }),
    },
  ];
}

/** Questions and the answers of ten annotators, as VQA v2 writes them. */
export const vqa: AnnotationKind = {
  kind: 'vqa',
  annotate,
};
