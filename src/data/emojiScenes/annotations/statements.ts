import type { Scene, SceneObject } from '../scene.js';
import { categories, nouns } from '../vocabulary.js';
import { categoryOfObject, numberWord, withArticle } from './phrases.js';

/** Two pictures beside each other. */
export type ScenePair = readonly [left: Scene, right: Scene];

/** A sentence about two pictures. */
export interface Statement {
  /** Statements of one kind say the same of different things. */
  readonly kind: string;
  readonly text: string;
  /** Undefined where the sentence would be odd. */
  truth(pair: ScenePair): boolean | undefined;
}

/** What can be counted in a picture. */
interface Term {
  readonly singular: string;
  readonly plural: string;
  count(scene: Scene): number;
}

/** Everything that is shown in one of the pictures, in the vocabulary's order. */
interface Shown {
  readonly terms: readonly Term[];
  readonly sized: readonly Term[];
  readonly colors: readonly string[];
}

type StatementKind = (shown: Shown) => readonly Statement[];

const term = (singular: string, plural: string, is: (object: SceneObject) => boolean): Term => ({
  singular,
  plural,
  count: ({ objects }) => objects.filter(is).length,
});

const nounTerms = nouns.map(({ name, plural }) => term(name, plural, ({ noun }) => noun === name));
const categoryTerms = categories.map(({ name, singular, plural }) =>
  term(singular, plural, (object) => categoryOfObject(object).name === name),
);
const things = term('thing', 'things', () => true);

const sizedTerms = (['small', 'large'] as const).flatMap((size) => [
  term(`${size} thing`, `${size} things`, (object) => object.size === size),
  ...categories.map(({ name, singular, plural }) =>
    term(
      `${size} ${singular}`,
      `${size} ${plural}`,
      (object) => object.size === size && categoryOfObject(object).name === name,
    ),
  ),
]);

function shownIn(scenes: readonly Scene[]): Shown {
  const isShown = ({ count }: Term) => scenes.some((scene) => count(scene) > 0);
  return {
    terms: [...nounTerms, ...categoryTerms].filter(isShown),
    sized: sizedTerms.filter(isShown),
    colors: [...new Set(scenes.map(({ ground }) => ground.color))].sort(),
  };
}

type Test = (scene: Scene) => boolean;

const shows =
  ({ count }: Term): Test =>
  (scene) =>
    count(scene) > 0;
const showsExactly =
  ({ count }: Term, wanted: number): Test =>
  (scene) =>
    count(scene) === wanted;
const isOn =
  (color: string): Test =>
  ({ ground }) =>
    ground.color === color;

const each = (kind: string, text: string, test: Test): Statement => ({
  kind,
  text,
  truth: ([left, right]) => test(left) && test(right),
});
const onlyOne = (kind: string, text: string, test: Test): Statement => ({
  kind,
  text,
  truth: ([left, right]) => test(left) !== test(right),
});
const leftRight = (kind: string, text: string, ofLeft: Test, ofRight: Test): Statement => ({
  kind,
  text,
  truth: ([left, right]) => ofLeft(left) && ofRight(right),
});
const not =
  (test: Test): Test =>
  (scene) =>
    !test(scene);

const inEach: StatementKind = ({ terms }) =>
  terms.flatMap((one) => [
    each('in each', `There is ${withArticle(one.singular)} in each picture.`, shows(one)),
    each('in each', `Each picture shows ${withArticle(one.singular)}.`, shows(one)),
  ]);

const inOnlyOne: StatementKind = ({ terms }) =>
  terms.flatMap((one) => [
    onlyOne('in only one', `There is ${withArticle(one.singular)} in only one picture.`, shows(one)),
    onlyOne('in only one', `Only one picture shows ${withArticle(one.singular)}.`, shows(one)),
  ]);

const ofSize: StatementKind = ({ sized }) =>
  sized.flatMap((one) => [
    each('of size', `Each picture shows ${withArticle(one.singular)}.`, shows(one)),
    onlyOne('of size', `Only one picture shows ${withArticle(one.singular)}.`, shows(one)),
  ]);

const inNone: StatementKind = ({ terms }) =>
  terms.map((one) => each('in none', `No picture shows ${withArticle(one.singular)}.`, not(shows(one))));

const inAny: StatementKind = ({ terms }) =>
  terms.map((one) => ({
    kind: 'in any',
    text: `At least one picture shows ${withArticle(one.singular)}.`,
    truth: ([left, right]) => one.count(left) + one.count(right) > 0,
  }));

const onOneSide: StatementKind = ({ terms }) =>
  terms.flatMap((one) => {
    const name = withArticle(one.singular);
    const [yes, no] = [shows(one), not(shows(one))];
    return [
      leftRight('on one side', `The left picture shows ${name} but not the right one.`, yes, no),
      leftRight('on one side', `The right picture shows ${name} but not the left one.`, no, yes),
    ];
  });

/** Ordered pairs of different terms. */
const twoOf = (terms: readonly Term[]) =>
  terms.flatMap((a) => terms.filter((b) => b !== a).map((b) => [a, b] as const));

const oneAndOther: StatementKind = ({ terms }) =>
  twoOf(terms).map(([a, b]) => ({
    kind: 'one and other',
    text: `There is ${withArticle(a.singular)} in one picture and ${withArticle(b.singular)} in the other.`,
    truth: ([left, right]) => (shows(a)(left) && shows(b)(right)) || (shows(a)(right) && shows(b)(left)),
  }));

const leftAndRight: StatementKind = ({ terms }) =>
  twoOf(terms).map(([a, b]) => {
    const [first, second] = [withArticle(a.singular), withArticle(b.singular)];
    const text = `There is ${first} in the left picture and ${second} in the right one.`;
    return leftRight('left and right', text, shows(a), shows(b));
  });

/** How kinds are named that are about terms or about all things together. */
const about = (kind: string, one: Term) => (one === things ? `${kind} things` : kind);

const more: StatementKind = ({ terms }) =>
  [...terms, things].flatMap((one): Statement[] => {
    const { plural, count } = one;
    const kind = about('more', one);
    return [
      {
        kind,
        text: `There are more ${plural} in the left picture than in the right one.`,
        truth: ([left, right]) => count(left) > count(right),
      },
      {
        kind,
        text: `There are more ${plural} in the right picture than in the left one.`,
        truth: ([left, right]) => count(right) > count(left),
      },
    ];
  });

const asMany: StatementKind = ({ terms }) =>
  [...terms, things].map((one) => {
    const { plural, count } = one;
    return {
      kind: about('as many', one),
      text: `There are as many ${plural} in the left picture as in the right one.`,
      truth: ([left, right]) => (count(left) + count(right) === 0 ? undefined : count(left) === count(right)),
    };
  });

const totals = [2, 3, 4, 5, 6];

const inAll: StatementKind = ({ terms }) =>
  [...terms, things].flatMap((one) =>
    totals.map((total) => ({
      kind: about('in all', one),
      text: `There are ${numberWord(total)} ${one.plural} in all.`,
      truth: ([left, right]: ScenePair) => one.count(left) + one.count(right) === total,
    })),
  );

const exactly: StatementKind = ({ terms }) =>
  [...terms, things].flatMap((one) =>
    [1, 2, 3, 4].flatMap((count) => {
      const phrase = `exactly ${numberWord(count)} ${count === 1 ? one.singular : one.plural}`;
      const kind = about('exactly', one);
      return [
        each(kind, `Each picture shows ${phrase}.`, showsExactly(one, count)),
        onlyOne(kind, `Only one picture shows ${phrase}.`, showsExactly(one, count)),
      ];
    }),
  );

const background: StatementKind = ({ colors }) =>
  colors.flatMap((color) => [
    each('background in each', `Each picture has ${withArticle(color)} background.`, isOn(color)),
    onlyOne('background in only one', `Only one picture has ${withArticle(color)} background.`, isOn(color)),
  ]);

const backgrounds: StatementKind = ({ colors }) =>
  colors.flatMap((a) =>
    colors
      .filter((b) => b !== a)
      .map((b) => {
        const text = `The background is ${a} in the left picture and ${b} in the right one.`;
        return leftRight('backgrounds', text, isOn(a), isOn(b));
      }),
  );

const sameBackground: StatementKind = () => [
  {
    kind: 'same background',
    text: 'The background has the same color in each picture.',
    truth: ([left, right]) => left.ground.color === right.ground.color,
  },
];

const kinds: readonly StatementKind[] = [
  inEach,
  inOnlyOne,
  ofSize,
  inNone,
  inAny,
  onOneSide,
  oneAndOther,
  leftAndRight,
  more,
  asMany,
  inAll,
  exactly,
  background,
  backgrounds,
  sameBackground,
];

/** Every statement about what these pictures show. */
export function statementsAbout(scenes: readonly Scene[]): Statement[] {
  const shown = shownIn(scenes);
  return kinds.flatMap((kind) => kind(shown));
}
