import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { chooseExamples } from '../../src/recording/chooseExamples.js';
import { createPictureList } from '../../src/recording/pictures.js';
import { placeNames } from '../../src/recording/placeNames.js';
import { openTimingsLog, readTimings } from '../../src/recording/timings.js';
import type { Tally } from '../../tasks/shown.js';

const scratch = () => mkdtempSync(join(tmpdir(), 'vlgraft-recording-'));

describe('timings.jsonl', () => {
  const train = (step: number) => ({ step, split: 'train', seconds: 0.5, examples: 8 }) as const;
  const validation = (step: number) => ({ ...train(step), split: 'validation' }) as const;

  it('is continued where a run goes on, its torn end left out', () => {
    const path = join(scratch(), 'timings.jsonl');
    const log = openTimingsLog(path, { step: 0, evaluationDue: false });
    for (const timing of [train(1), train(2), validation(2), train(3)]) log.append(timing);
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"step":4,"sp`);
    expect(readTimings(path)).toEqual([train(1), train(2), validation(2), train(3)]);
    openTimingsLog(path, { step: 2, evaluationDue: true }).append(validation(2));
    expect(readTimings(path)).toEqual([train(1), train(2), validation(2)]);
  });
});

describe('the examples of a gallery', () => {
  const groups = ['how many', 'is there', 'what'];
  const examples = Array.from({ length: 90 }, (_, at) => ({ id: `question-${at}` }));
  const tallies = examples.map(
    (_, at): Tally => ({ right: at % 5 === 0, groups: [groups[at % 3]!], counts: { accuracy: [at % 2, 1] } }),
  );
  const chosen = chooseExamples(examples, tallies);
  const named = (places: readonly number[], of = examples) => places.map((place) => of[place]!.id).sort();

  it('are right and wrong ones of every group', () => {
    expect(chosen.filter((place) => tallies[place]!.right).length).toBeGreaterThanOrEqual(14);
    expect(chosen.filter((place) => !tallies[place]!.right).length).toBeGreaterThanOrEqual(14);
    for (const right of [true, false])
      for (const group of groups) {
        const own = chosen.filter(
          (place) => tallies[place]!.right === right && tallies[place]!.groups.includes(group),
        );
        expect(own.length).toBeGreaterThan(1);
      }
    expect(chosen.length).toBeLessThan(45);
  });

  it('do not depend on the order of the examples', () => {
    const order = examples.map((_, at) => (at * 37) % examples.length);
    const shuffled = order.map((at) => examples[at]!);
    const again = chooseExamples(
      shuffled,
      order.map((at) => tallies[at]!),
    );
    expect(named(again, shuffled)).toEqual(named(chosen));
  });

  it('are partly the same for every run, whatever it predicts', () => {
    const opposite = chooseExamples(
      examples,
      tallies.map((tally) => ({ ...tally, right: !tally.right })),
    );
    const common = named(opposite).filter((id) => named(chosen).includes(id));
    expect(common.length).toBeGreaterThanOrEqual(12);
  });

  it('are chosen by their ids alone where nothing is judged', () => {
    expect(chooseExamples(examples)).toHaveLength(26);
    expect(chooseExamples(examples.slice(0, 3))).toHaveLength(3);
  });
});

describe('the pictures of a gallery', () => {
  const noise = async (path: string, side: number) => {
    const pixels = Buffer.from(Uint32Array.from({ length: side * side }, (_, at) => at * 2654435761).buffer);
    await sharp(pixels.subarray(0, side * side * 3), { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toFile(path);
    return { id: path, path };
  };

  it('are there once each, no larger than on a phone, with the size that boxes are given in', async () => {
    const folder = scratch();
    const list = createPictureList();
    const large = await noise(join(folder, 'large.png'), 500);
    const small = await noise(join(folder, 'small.png'), 40);
    expect([large, small, large].map((picture) => list.placeOf(picture))).toEqual([0, 1, 0]);
    const [first, second, ...others] = await list.read();
    expect(others).toEqual([]);
    expect(first).toMatchObject({ width: 500, height: 500 });
    expect(await sharp(Buffer.from(first!.webp!, 'base64')).metadata()).toMatchObject({
      format: 'webp',
      width: 320,
    });
    expect(await sharp(Buffer.from(second!.webp!, 'base64')).metadata()).toMatchObject({ width: 40 });
  });

  it('stay below 3 MB together', async () => {
    const folder = scratch();
    const list = createPictureList();
    for (let at = 0; at < 60; at++) list.placeOf(await noise(join(folder, `${at}.png`), 330 + at));
    const bytes = (await list.read()).reduce((sum, { webp = '' }) => sum + webp.length, 0);
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(3_000_000);
  });

  it('may be missing where features were computed beforehand', async () => {
    const list = createPictureList();
    list.placeOf({ id: 'gone', path: 'gone.jpg', width: 60, height: 40 });
    expect(await list.read()).toEqual([{ width: 60, height: 40 }]);
  });
});

describe('the parts of a picture', () => {
  it('are called what the dataset calls them, patches by row and column', () => {
    const picture = { id: 'p', path: 'p.png', labelNames: ['cat', 'dog', 'cat'] };
    const part = [0, 0, 0.5, 0.5] as const;
    const boxes = [0, 1, 2].map((box) => ({ part, box }));
    expect(placeNames([{}, ...boxes], picture)).toEqual(['whole picture', 'cat 1', 'dog', 'cat 2']);
    const cells = [0, 0.5].flatMap((y) => [0, 0.5].map((x) => ({ part: [x, y, x + 0.5, y + 0.5] as const })));
    expect(placeNames(cells, { id: 'p', path: 'p.png' })).toEqual([
      'row 1, column 1',
      'row 1, column 2',
      'row 2, column 1',
      'row 2, column 2',
    ]);
  });
});
