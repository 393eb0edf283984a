import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/json.js';
import { readModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { processorOf } from './opened.js';
import { tinyFolders } from './tinyFolders.js';

const folder = temporaryFolder();
const path = join(folder.path, 'wide.png');
beforeAll(() => drawPicture(path, { width: 64, height: 32 }, [200, 10, 10]));
afterAll(() => folder.remove());

/** What the positions of a family's sequence show of a picture of 64 x 32 pixels. */
async function placesOf(family: string, picture: object = {}, regions?: Record<string, Json>) {
  const place = tinyFolders[family]!(join(folder.path, family));
  const { config } = readModelFolder(place);
  const processor = await processorOf({
    folder: place,
    config,
    maxTextLength: 16,
    ...(regions && { regions }),
  });
  const sequence = await processor.encode({ text: 'a', pictures: [{ id: 'p', path, ...picture }] });
  const { regionMask, pictureMask, patches } = processor.collate([sequence], 1);
  const positions = regionMask?.shape[1] ?? pictureMask?.shape[1] ?? patches!.shape[1]! + 1;
  const places = sequence.picturePlaces!();
  expect(places).toHaveLength(positions);
  return places;
}

describe('the positions of a picture', () => {
  const crops = { kind: 'crop-pixels', size: 4 };

  it('are its boxes, after the whole picture', async () => {
    const boxes = [
      [0, 0, 16, 16],
      [32, 8, 64, 32],
    ];
    expect(await placesOf('singleStream', { boxes }, crops)).toEqual([
      { picture: 0 },
      { picture: 0, box: 0, part: [0, 0, 0.25, 0.5] },
      { picture: 0, box: 1, part: [0.5, 0.25, 1, 1] },
    ]);
  });

  it('are cells of a grid where it has no boxes', async () => {
    const places = await placesOf('singleStream', {}, { ...crops, grid: 2 });
    expect(places.map(({ part }) => part)).toEqual([
      undefined,
      [0, 0, 0.5, 0.5],
      [0.5, 0, 1, 0.5],
      [0, 0.5, 0.5, 1],
      [0.5, 0.5, 1, 1],
    ]);
  });

  it('are patches of all of it, after a token for the whole (ViLT)', async () => {
    const places = await placesOf('patchStream');
    // ViLT's longer side is 1333 / 800 of 32 pixels at most: 48 x 24 pixels are left, patches of 8.
    expect(places).toHaveLength(1 + 3 * 6);
    expect(places[0]).toEqual({ picture: 0 });
    expect(places[1]).toEqual({ picture: 0, part: [0, 0, 1 / 6, 1 / 3] });
    expect(places.at(-1)).toEqual({ picture: 0, part: [5 / 6, 2 / 3, 1, 1] });
  });

  it('are patches of the square that is cut from its middle (CLIP)', async () => {
    const places = await placesOf('dualEncoder');
    expect(places).toHaveLength(1 + 4 * 4);
    expect(places[1]!.part).toEqual([0.25, 0, 0.375, 0.25]);
    expect(places.at(-1)!.part).toEqual([0.625, 0.75, 0.75, 1]);
  });
});
