import { createRandom, type Random } from '../../../base/random.js';
import { groupsOf, type Scene } from '../scene.js';
import { nounNamed, nouns } from '../vocabulary.js';
import { type AnnotationFile, type AnnotationKind, pictureFile, type SceneSet } from './annotationKind.js';
import { numberWord, withArticle } from './phrases.js';
import { directions, lies, middleOf } from './relations.js';

/** A word, or the objects of the scene that are meant, by their places. */
type Token = string | readonly number[];
type Sentence = readonly Token[];

/** Four sentences, the first being the right one. */
type Choices = readonly [right: Sentence, ...wrong: Sentence[]];

interface Question {
  readonly question: Sentence;
  readonly answers: Choices;
  readonly rationales: Choices;
}

/** A kind of question; undefined where the scene does not allow it. */
type QuestionKind = (scene: Scene, random: Random) => Question | undefined;

const choices = 4;
const words = (text: string): string[] => text.split(' ');

/** The right one and three others, drawn at random. */
function among<Item>(right: Item, all: readonly Item[], random: Random): Item[] {
  const others = random.shuffle(all.filter((item) => item !== right));
  return [right, ...others.slice(0, choices - 1)];
}

/** Four nouns: the object's own, and others of the picture before others of its category. */
function nounChoices(scene: Scene, noun: string, random: Random): string[] {
  const shown = random.shuffle(groupsOf(scene).map((group) => group.noun)).filter((name) => name !== noun);
  const { category } = nounNamed(noun);
  const related = random.shuffle(nouns.filter((one) => one.category === category).map(({ name }) => name));
  const others = [...shown, ...related, ...random.shuffle(nouns.map(({ name }) => name))];
  return [noun, ...[...new Set(others)].filter((name) => name !== noun).slice(0, choices - 1)];
}

const counts = [1, 2, 3, 4];
const alike = (scene: Scene, noun: string) => scene.objects.filter((object) => object.noun === noun).length;

const thereAre = (count: number): Sentence =>
  count === 1
    ? words('there is no other thing like it .')
    : words(`there are ${numberWord(count)} such things .`);

/** What is it? Its name, and how many there are of it. */
const what: QuestionKind = (scene, random) => {
  const at = random.integer(scene.objects.length);
  const { noun } = scene.objects[at]!;
  const count = alike(scene, noun);
  if (!counts.includes(count)) return undefined;
  const [right, ...wrong] = nounChoices(scene, noun, random).map((name) => [
    [at],
    ...words(`is ${withArticle(name)} .`),
  ]);
  const [reason, ...reasons] = among(count, counts, random).map(thereAre);
  return {
    question: ['What', 'is', [at], '?'],
    answers: [right!, ...wrong],
    rationales: [reason!, ...reasons],
  };
};

/** How many are like it? The count, and what they are. */
const howMany: QuestionKind = (scene, random) => {
  const at = random.integer(scene.objects.length);
  const { noun } = scene.objects[at]!;
  const count = alike(scene, noun);
  if (!counts.includes(count)) return undefined;
  const [right, ...wrong] = among(count, counts, random).map((n) => words(`${numberWord(n)} .`));
  const [reason, ...reasons] = nounChoices(scene, noun, random).map((name) => [
    [at],
    ...words(`is ${withArticle(name)} .`),
  ]);
  return {
    question: [...words('How many things like'), [at], ...words('are there ?')],
    answers: [right!, ...wrong],
    rationales: [reason!, ...reasons],
  };
};

const edges = ['left', 'right', 'top', 'bottom'] as const;

/** The edge of the picture that an object is clearly nearest to. */
function nearestEdge(scene: Scene, at: number): (typeof edges)[number] | undefined {
  const [x, y] = middleOf(scene.objects[at]!);
  const distances = [x, scene.pixels - x, y, scene.pixels - y];
  const order = [...distances.keys()].sort((a, b) => distances[a]! - distances[b]!);
  const [first, second] = order as [number, number];
  return distances[second]! - distances[first]! > 0.05 * scene.pixels ? edges[first] : undefined;
}

/** Where is it, seen from another? The only direction that holds, and the edge of the picture that it is near. */
const where: QuestionKind = (scene, random) => {
  const places = random.shuffle([...scene.objects.keys()]);
  for (const at of places) {
    const edge = nearestEdge(scene, at);
    if (!edge) continue;
    for (const other of places) {
      if (other === at) continue;
      const [object, anchor] = [scene.objects[at]!, scene.objects[other]!];
      const holding = directions.filter((direction) => lies(object, direction, anchor, scene.pixels));
      if (holding.length !== 1) continue;
      const [right, ...wrong] = among(holding[0]!, [...directions], random).map((direction) => [
        [at],
        ...words(`is ${direction}`),
        [other],
        '.',
      ]);
      const [reason, ...reasons] = among(edge, edges, random).map((name) => [
        [at],
        ...words(`is closest to the ${name} of the picture .`),
      ]);
      return {
        question: ['Where', 'is', [at], ...words('seen from'), [other], '?'],
        answers: [right!, ...wrong],
        rationales: [reason!, ...reasons],
      };
    }
  }
  return undefined;
};

const kinds: readonly QuestionKind[] = [what, howMany, where];

const folder = ({ split, fileName }: Scene) => `${split}/${fileName}`;
const metadataName = (scene: Scene) => folder(scene).replace(/\.\w+$/, '.json');

function lineOf(scene: Scene, set: SceneSet) {
  const random = createRandom('vcr', set.seed, scene.split, scene.index);
  const order = [kinds[scene.index % kinds.length]!, ...kinds];
  let found: Question | undefined;
  for (const kind of order) found ??= kind(scene, random);
  if (!found) return [];
  const shuffled = (list: Choices) => {
    const places = random.shuffle([...list.keys()]);
    return { list: places.map((place) => list[place]!), label: places.indexOf(0) };
  };
  const [answers, rationales] = [shuffled(found.answers), shuffled(found.rationales)];
  return [
    {
      movie: 'emoji-scenes',
      objects: scene.objects.map(() => 'thing'),
      img_fn: folder(scene),
      metadata_fn: metadataName(scene),
      question: found.question,
      answer_choices: answers.list,
      answer_label: answers.label,
      rationale_choices: rationales.list,
      rationale_label: rationales.label,
      question_number: 0,
      img_id: `${scene.split}-${scene.index}`,
      annot_id: `${scene.split}-${scene.index}`,
    },
  ];
}

const metadataOf = (scene: Scene) => ({
  boxes: scene.objects.map(({ box: [x, y, width, height] }) => [x, y, x + width, y + height, 1]),
  segms: scene.objects.map(() => []),
  names: scene.objects.map(() => 'thing'),
  width: scene.pixels,
  height: scene.pixels,
});

function annotate(set: SceneSet): AnnotationFile[] {
  const lines = set.scenes.flatMap((scene) => lineOf(scene, set));
  return [
    { name: `vcr/${set.split}.jsonl`, content: lines.map((line) => `${JSON.stringify(line)}\n`).join('') },
    ...set.scenes.flatMap((scene): AnnotationFile[] => [
      { name: `vcr/vcr1images/${metadataName(scene)}`, content: JSON.stringify(metadataOf(scene)) },
      { name: `vcr/vcr1images/${folder(scene)}`, linkTo: pictureFile(scene) },
    ]),
  ];
}

/**
 * Questions with four answers and four reasons in which things are named by their boxes alone, as VCR writes them: all
 * are called `thing`, so that the text does not say what they are.
 */
export const vcr: AnnotationKind = { kind: 'vcr', annotate };
