import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nlvr2 } from '../../../src/data/emojiScenes/annotations/nlvr2.js';
import type { Scene } from '../../../src/data/emojiScenes/scene.js';
import { nouns } from '../../../src/data/emojiScenes/vocabulary.js';
import { writeAnnotations } from '../../../src/data/emojiScenes/writeAnnotations.js';
import { readNlvr2 } from '../../../tasks/readers/nlvr2.js';
import { temporaryFolder } from '../pictures.js';
import { jsonLinesOf, plannedScenes } from './sceneSets.js';

interface Line {
  readonly identifier: string;
  readonly sentence: string;
  readonly label: 'True' | 'False';
  readonly left_url: string;
  readonly right_url: string;
}

const set = plannedScenes('train', 800);
const files = nlvr2.annotate(set);
const lines = jsonLinesOf<Line>(files[0]);
const sceneAt = new Map(set.scenes.map((scene) => [`images/train/${scene.fileName}`, scene]));
const pairOf = ({ left_url, right_url }: Line) => [sceneAt.get(left_url)!, sceneAt.get(right_url)!] as const;

/** Surplus of true labels of the lines that share a key. */
function surplus(key: (line: Line) => string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of lines) {
    sums.set(key(line), (sums.get(key(line)) ?? 0) + (line.label === 'True' ? 1 : -1));
  }
  return sums;
}

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe('statements about two pictures', () => {
  it('are four a set of four pairs, in the official format', () => {
    expect(lines).toHaveLength(100 * 4 * 4);
    expect(lines[0]).toEqual({
      identifier: 'train-0-0-0',
      sentence: expect.stringMatching(/^[A-Z].*\.$/),
      label: expect.stringMatching(/^(True|False)$/),
      left_url: expect.any(String),
      right_url: expect.any(String),
      synset: expect.any(String),
    });
    expect(new Set(lines.map(({ identifier }) => identifier)).size).toBe(lines.length);
    expect(new Set(lines.flatMap(({ left_url, right_url }) => [left_url, right_url])).size).toBe(800);
  });

  it('are each true of two pairs and false of two, so that a sentence alone tells nothing', () => {
    const sentence = ({ identifier, sentence }: Line) => `${identifier.split('-')[1]} ${sentence}`;
    expect(new Set(surplus(sentence).values())).toEqual(new Set([0]));
    expect(surplus(sentence).size).toBe(400);
  });

  it('are true as often as false of nearly every pair, so that pictures alone tell nothing', () => {
    const pairs = [...surplus(({ identifier }) => identifier.replace(/-\d+$/, '')).values()];
    expect(pairs.filter((value) => value === 0).length / pairs.length).toBeGreaterThan(0.85);
    expect(pairs.reduce((sum, value) => sum + value, 0)).toBe(0);
  });

  it('are of many kinds, none of them rare', () => {
    const starts = new Map<string, number>();
    for (const { sentence } of lines) {
      const start = sentence.split(' ').slice(0, 5).join(' ');
      starts.set(start, (starts.get(start) ?? 0) + 1);
    }
    expect(starts.size).toBeGreaterThan(12);
    expect(Math.max(...starts.values()) / lines.length).toBeLessThan(0.2);
  });

  const isTrue = ({ label }: Line) => label === 'True';
  const counts = (scenes: readonly Scene[], noun: string) =>
    scenes.map(({ objects }) => objects.filter((object) => object.noun === noun).length);
  const checks: readonly (readonly [
    RegExp,
    (left: Scene, right: Scene, word: string) => boolean | undefined,
  ])[] = [
    [
      /^Each picture has an? (\w+) background/,
      (left, right, color) => left.ground.color === color && right.ground.color === color,
    ],
    [
      /^Only one picture has an? (\w+) background/,
      (left, right, color) => (left.ground.color === color) !== (right.ground.color === color),
    ],
    [/^There are more (things) in the left/, (left, right) => left.objects.length > right.objects.length],
    [
      /^Only one picture shows an? ([\w ]+)\./,
      (left, right, name) => {
        if (!nouns.some((noun) => noun.name === name)) return undefined;
        const [one, other] = counts([left, right], name);
        return one! > 0 !== other! > 0;
      },
    ],
    [
      /^The left picture shows an? ([\w ]+) but not/,
      (left, right, name) => {
        if (!nouns.some((noun) => noun.name === name)) return undefined;
        const [one, other] = counts([left, right], name);
        return one! > 0 && other === 0;
      },
    ],
  ];

  it.each(checks)('say what is so: %s', (pattern, truth) => {
    const checked = lines.flatMap((line) => {
      const word = pattern.exec(line.sentence)?.[1];
      const [left, right] = pairOf(line);
      const wanted = word === undefined ? undefined : truth(left, right, word);
      return wanted === undefined ? [] : [[line.identifier, isTrue(line), wanted] as const];
    });
    expect(checked.length).toBeGreaterThan(5);
    for (const [identifier, label, wanted] of checked)
      expect([identifier, label]).toEqual([identifier, wanted]);
  });

  it('are the same for the same scenes', () => expect(nlvr2.annotate(set)).toEqual(files));

  it('are made of few pictures too, and of one none', () => {
    const few = nlvr2.annotate(plannedScenes('val', 5));
    expect(jsonLinesOf(few[0]).length % 4).toBe(0);
    expect(nlvr2.annotate(plannedScenes('val', 1))[0]).toMatchObject({ content: '' });
  });

  it('are read by the reader of NLVR2, with boxes', async () => {
    mkdirSync(join(folder.path, 'images/train'), { recursive: true });
    for (const { fileName } of set.scenes) {
      writeFileSync(join(folder.path, 'images/train', fileName), fileName);
    }
    await writeAnnotations(folder.path, files);
    const examples = readNlvr2({
      annotations: join(folder.path, 'nlvr2/train.json'),
      images: join(folder.path, 'nlvr2/images/train'),
      instances: join(folder.path, 'nlvr2/instances_train.json'),
    });
    expect(examples).toHaveLength(lines.length);
    for (const [index, { left, label }] of examples.entries()) {
      const scene = sceneAt.get(lines[index]!.left_url)!;
      expect(left.boxes).toHaveLength(scene.objects.length);
      expect(label).toBe(isTrue(lines[index]!));
    }
  });
});
