import { describe, expect, it } from 'vitest';
import { artists, loadIcons } from '../../../src/data/emojiScenes/artists.js';
import { planScene } from '../../../src/data/emojiScenes/planScene.js';
import { hasUnseenPair, isUnseenPair, unseenPairs } from '../../../src/data/emojiScenes/unseenPairs.js';
import { nouns } from '../../../src/data/emojiScenes/vocabulary.js';

const plans = (split: 'train' | 'val' | 'test', count: number) =>
  Array.from({ length: count }, (_, index) => planScene(5, split, index));
const namesOf = ({ objects }: ReturnType<typeof planScene>) => [...new Set(objects.map(({ noun }) => noun))];

describe('the vocabulary', () => {
  it('has a drawing of each noun by each artist', async () => {
    const { icon } = await loadIcons();
    for (const { name } of artists)
      for (const noun of nouns) expect(icon(name, noun.name).body).toMatch(/^</);
  });

  it('names each noun once', () => {
    expect(new Set(nouns.map(({ name }) => name)).size).toBe(nouns.length);
    expect(nouns.length).toBeGreaterThanOrEqual(100);
  });
});

describe('unseen pairs', () => {
  it('are about a tenth of all pairs, in either order', () => {
    const share = unseenPairs.length / ((nouns.length * (nouns.length - 1)) / 2);
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
    const [a, b] = unseenPairs[0]!;
    expect(isUnseenPair(b, a)).toBe(true);
  });

  it('never meet in train and val', () => {
    for (const plan of [...plans('train', 1500), ...plans('val', 200)]) {
      expect(hasUnseenPair(namesOf(plan))).toBe(false);
    }
  });

  it('are in half of the pictures of test, which say so', () => {
    const test = plans('test', 200);
    for (const plan of test) expect(plan.unseenPair).toBe(hasUnseenPair(namesOf(plan)));
    expect(test.filter(({ unseenPair }) => unseenPair)).toHaveLength(100);
  });
});

describe('a plan', () => {
  it('shows each noun about equally often, 1 to 6 objects a picture', () => {
    const counts = new Map(nouns.map(({ name }) => [name, 0]));
    for (const plan of plans('train', 3000)) {
      expect(plan.objects.length).toBeGreaterThanOrEqual(1);
      expect(plan.objects.length).toBeLessThanOrEqual(6);
      for (const name of namesOf(plan)) counts.set(name, counts.get(name)! + 1);
    }
    const mean = [...counts.values()].reduce((sum, n) => sum + n, 0) / nouns.length;
    for (const count of counts.values()) expect(Math.abs(count / mean - 1)).toBeLessThan(0.5);
  });
});
