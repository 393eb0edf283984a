import type { Random } from '../../../base/random.js';
import { groupsOf, type Scene } from '../scene.js';
import { categoryOfObject } from './phrases.js';
import type { ScenePair } from './statements.js';

/** Pairs of pictures that the same statements are made about, and the noun that several of them show. */
export interface PictureSet {
  readonly noun: string;
  readonly pairs: readonly ScenePair[];
}

/** As in NLVR2. */
const pairsASet = 4;
const picturesASet = 2 * pairsASet;
/** Pictures of a set that show its noun, others that show its category or have its ground, where the split has them. */
const ofTheNoun = 4;
const ofTheCategory = 1;

/** The pictures of a split by what they show; each is dealt once. */
function createDeck(scenes: readonly Scene[]) {
  const dealt = new Set<Scene>();
  const queues = new Map<string, Scene[]>();
  const keysOf = ({ objects, ground }: Scene) => {
    const names = objects.flatMap((object) => [object.noun, `of ${categoryOfObject(object).name}`]);
    return new Set(['', `on ${ground.color}`, ...names]);
  };
  for (const scene of scenes) {
    for (const key of keysOf(scene)) {
      const queue = queues.get(key) ?? [];
      queue.push(scene);
      queues.set(key, queue);
    }
  }
  const take = (key: string): Scene | undefined => {
    const queue = queues.get(key) ?? [];
    for (let scene = queue.pop(); scene; scene = queue.pop()) {
      if (dealt.has(scene)) continue;
      dealt.add(scene);
      return scene;
    }
    return undefined;
  };
  return {
    left: () => scenes.length - dealt.size,
    take: (key: string, count: number) =>
      Array.from({ length: count }, () => take(key)).filter((scene) => scene !== undefined),
  };
}

const pairsOf = (scenes: readonly Scene[]): ScenePair[] =>
  Array.from({ length: pairsASet }, (_, i) => [scenes[2 * i]!, scenes[2 * i + 1]!]);

/**
 * Sets of four pairs that show similar things, so that what is true of one pair may be false of the next; every
 * picture is in at most one set. A split of fewer than eight pictures shows some of them again.
 */
export function dealPictureSets(scenes: readonly Scene[], random: Random): PictureSet[] {
  const enough = scenes.length >= picturesASet || scenes.length < 2;
  const cards = enough
    ? [...scenes]
    : Array.from({ length: picturesASet }, (_, i) => ({ ...scenes[i % scenes.length]! }));
  const deck = createDeck(random.shuffle(cards));
  const sets: PictureSet[] = [];
  while (deck.left() >= picturesASet) {
    const [first] = deck.take('', 1) as [Scene];
    const { noun, objects } = random.pick(groupsOf(first));
    const chosen = [first, ...deck.take(noun, ofTheNoun - 1)];
    chosen.push(...deck.take(`of ${categoryOfObject(objects[0]!).name}`, ofTheCategory));
    chosen.push(...deck.take(`on ${first.ground.color}`, picturesASet - chosen.length));
    chosen.push(...deck.take('', picturesASet - chosen.length));
    sets.push({ noun, pairs: pairsOf(random.shuffle(chosen)) });
  }
  return sets;
}
