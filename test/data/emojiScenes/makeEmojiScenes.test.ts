import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../../../src/base/errors.js';
import type { Progress } from '../../../src/base/progress.js';
import { makeEmojiScenes } from '../../../src/data/emojiScenes/makeEmojiScenes.js';
import type { Scene } from '../../../src/data/emojiScenes/scene.js';

const small = { count: 40, size: 96, seed: 3 };
let root: string;
let folder: string;
const progress: Progress[] = [];

async function bytesOf(at: string): Promise<Map<string, string>> {
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = files
    .sort()
    .map(async (file) => [file.slice(at.length), await readFile(file, 'base64')] as const);
  return new Map(await Promise.all(contents));
}

async function scenesOf(split: string): Promise<Scene[]> {
  const lines = (await readFile(join(folder, `scenes_${split}.jsonl`), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Scene);
}

const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'emoji-scenes-'));
  folder = join(root, 'first');
  await makeEmojiScenes({ folder, ...small, onProgress: (step) => progress.push(step) });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a folder of emoji-scenes', () => {
  it('has the same bytes for the same seed, however many pictures are drawn at once', async () => {
    const again = join(root, 'again');
    await makeEmojiScenes({ folder: again, ...small, concurrency: 1 });
    expect(await bytesOf(again)).toEqual(await bytesOf(folder));
  });

  it('has other pictures for another seed', async () => {
    const other = await makeEmojiScenes({ folder: join(root, 'other'), ...small, count: 10, seed: 4 });
    const name = 'images/train/scene_000000000001.png';
    expect(await readFile(join(other.folder, name))).not.toEqual(await readFile(join(folder, name)));
  });

  it('goes on after an interruption and ends with the same bytes', async () => {
    const resumed = join(root, 'resumed');
    const stop = new AbortController();
    const onProgress = ({ done }: Progress) => done >= 7 && stop.abort();
    const first = makeEmojiScenes({ folder: resumed, ...small, onProgress, signal: stop.signal });
    await expect(first).rejects.toThrow(InterruptedError);
    await expect(readdir(resumed)).rejects.toThrow();
    await makeEmojiScenes({ folder: resumed, ...small });
    expect(await bytesOf(resumed)).toEqual(await bytesOf(folder));
  });

  it('is found, not made again, when the same is asked for', async () => {
    const steps: Progress[] = [];
    const found = await makeEmojiScenes({ folder, ...small, onProgress: (step) => steps.push(step) });
    expect(steps).toEqual([]);
    expect(found).toMatchObject({ ...small, folder, sha256: (await json('dataset.json')).sha256 });
  });

  it('tells of each picture', () => {
    expect(progress).toHaveLength(40);
    expect(progress.at(-1)).toEqual({ stage: 'data', done: 40, total: 40, unit: 'picture' });
  });

  it('is split 80/10/10 and draws test with an artist that train and val never show', async () => {
    const names = await Promise.all(
      ['train', 'val', 'test'].map((split) => readdir(join(folder, 'images', split))),
    );
    expect(names.map((files) => files.length)).toEqual([32, 4, 4]);
    const artists = async (split: string) =>
      new Set(
        (await json(`instances_${split}.json`)).images.map((image: { artist: string }) => image.artist),
      );
    expect(await artists('train')).toEqual(new Set(['noto', 'twemoji']));
    expect(await artists('test')).toEqual(new Set(['fluent-emoji-flat']));
  });

  it('names the three artists with their licences', async () => {
    const { licenses } = await json('dataset.json');
    expect(licenses.map(({ license }: { license: string }) => license)).toEqual([
      'Apache-2.0',
      'CC-BY-4.0',
      'MIT',
    ]);
  });
});

describe('boxes', () => {
  it('hold every pixel that is not ground, and touch one on each side', async () => {
    const plain = (await scenesOf('train')).filter(({ ground }) => ground.texture === 'plain');
    expect(plain.length).toBeGreaterThan(2);
    for (const scene of plain) await checkPixels(scene);
  });

  it('lie inside the picture and overlap by at most a tenth of the smaller one', async () => {
    for (const { objects, pixels } of await scenesOf('train')) {
      for (const { box, area } of objects) {
        const [x, y, width, height] = box;
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(pixels);
        expect(area).toBeLessThanOrEqual(width * height);
      }
      objects.forEach((a, i) => {
        for (const b of objects.slice(i + 1)) expect(overlap(a.box, b.box)).toBeLessThanOrEqual(0.1);
      });
    }
  });
});

type Box = Scene['objects'][number]['box'];

function overlap([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const width = Math.max(0, Math.min(ax + aw, bx + bw) - Math.max(ax, bx));
  const height = Math.max(0, Math.min(ay + ah, by + bh) - Math.max(ay, by));
  return (width * height) / Math.min(aw * ah, bw * bh);
}

async function checkPixels({ fileName, ground, objects, pixels }: Scene): Promise<void> {
  const data = await sharp(join(folder, 'images/train', fileName))
    .raw()
    .toBuffer();
  const shade = Number.parseInt(ground.shade.slice(1), 16);
  const isGround = (x: number, y: number) => data.readUIntBE((y * pixels + x) * 3, 3) === shade;
  const holds = ([left, top, width, height]: Box, x: number, y: number) =>
    x >= left && x < left + width && y >= top && y < top + height;
  const seen: [number, number][] = [];
  for (let y = 0; y < pixels; y++) for (let x = 0; x < pixels; x++) if (!isGround(x, y)) seen.push([x, y]);
  for (const [x, y] of seen) expect(objects.some(({ box }) => holds(box, x, y))).toBe(true);
  for (const { box } of objects) {
    const inside = seen.filter(([x, y]) => holds(box, x, y));
    const [xs, ys] = [inside.map(([x]) => x), inside.map(([, y]) => y)];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const found = [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
    found.forEach((edge, i) => {
      expect(Math.abs(edge - box[i]!)).toBeLessThanOrEqual(1);
    });
  }
}

describe('refusals', () => {
  it('leaves a folder alone that holds something else', async () => {
    const mine = join(root, 'mine');
    await makeEmojiScenes({ folder: mine, ...small, count: 10 });
    await expect(makeEmojiScenes({ folder: mine, ...small, count: 11 })).rejects.toThrow(UsageError);
    await writeFile(join(root, 'notes.txt'), 'mine');
    await expect(makeEmojiScenes({ folder: root, ...small })).rejects.toThrow(/not empty/);
    expect(await readFile(join(root, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('says what to do about a folder of an older version', async () => {
    const older = join(root, 'older');
    await makeEmojiScenes({ folder: older, ...small, count: 10 });
    const facts = JSON.parse(await readFile(join(older, 'dataset.json'), 'utf8'));
    await writeFile(join(older, 'dataset.json'), JSON.stringify({ ...facts, version: '1.0.0' }));
    await expect(makeEmojiScenes({ folder: older, ...small, count: 10 })).rejects.toThrow(
      /holds emoji-scenes 1\.0\.0, which has other files than .*; delete or rename it and make it again/,
    );
  });

  it('names every unusable number at once', async () => {
    const wrong = makeEmojiScenes({ folder: join(root, 'wrong'), count: 3, size: 1.5, seed: -1 });
    await expect(wrong).rejects.toThrow(/seed.*\n.*count.*\n.*size/);
  });
});
