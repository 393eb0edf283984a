import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { writeSafetensors } from '../../src/checkpoints/safetensors.js';
import { type RegionSource, type Regions, regionKinds } from '../../src/data/regions/index.js';
import type { Picture } from '../../src/data/sequence.js';
import { createRegionSource } from '../shipped.js';
import { drawPicture, temporaryFolder } from './pictures.js';

const folder = temporaryFolder();
const file = (...parts: string[]) => join(folder.path, ...parts);
afterAll(() => folder.remove());

const featuresOf = (source: RegionSource, regions: Regions): number[] => {
  const target = new Float32Array(regions.count * source.width + 1);
  regions.writeFeatures(target, 1);
  return [...target.subarray(1)];
};
const make = (options: Record<string, Json>) => createRegionSource(options);

describe('crop-pixels', () => {
  const rectangle = { left: 4, top: 2, width: 8, height: 16, colour: [255, 0, 51] as const };
  const picture: Picture = { id: '1', path: file('one.png'), boxes: [[4, 2, 12, 18]] };
  beforeAll(() => drawPicture(picture.path, { width: 32, height: 20 }, [0, 255, 0], rectangle));

  it("gives the whole picture and each box's pixels in [-1, 1], with boxes relative to the picture", async () => {
    const source = await make({ kind: 'crop-pixels', size: 2 });
    const regions = await source.read(picture);
    expect([source.width, regions.count]).toEqual([12, 2]);
    const crop = featuresOf(source, regions).slice(12);
    crop.forEach((value, i) => {
      expect(value).toBeCloseTo([1, -1, -0.6][i % 3]!, 6);
    });
    const expected = [
      0,
      0,
      1,
      1,
      1,
      1,
      1,
      4 / 32,
      2 / 20,
      12 / 32,
      18 / 20,
      8 / 32,
      16 / 20,
      (8 / 32) * (16 / 20),
    ];
    regions.boxes.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });

  it('normalises with a mean and a standard deviation', async () => {
    const options = { size: 1, wholePicture: false, mean: [0.5, 0, 0.2], standardDeviation: [0.25, 1, 0.5] };
    const source = await make({ kind: 'crop-pixels', ...options });
    const features = featuresOf(source, await source.read(picture));
    [2, 0, 0].forEach((expected, i) => {
      expect(features[i]).toBeCloseTo(expected, 6);
    });
  });

  it('lays a grid over a picture whose boxes are not known, and none where it has no boxes', async () => {
    const source = await make({ kind: 'crop-pixels', size: 1 });
    const unknown = await source.read({ id: '1', path: picture.path });
    expect(unknown.count).toBe(10);
    [2 / 3, 1 / 3, 1, 2 / 3, 1 / 3, 1 / 3, 1 / 9].forEach((expected, i) => {
      expect(unknown.boxes[6 * 7 + i]).toBeCloseTo(expected, 6); // second row, third column
    });
    expect((await source.read({ ...picture, boxes: [] })).count).toBe(1);
    const bare = await make({ kind: 'crop-pixels', wholePicture: false });
    expect((await bare.read({ ...picture, boxes: [] })).count).toBe(0);
  });

  it('keeps the first regions when there are too many, and boxes smaller than a pixel', async () => {
    const boxes = Array.from({ length: 9 }, (_, i) => [i, 0, i, 0.1] as const);
    const source = await make({ kind: 'crop-pixels', size: 1, maxRegions: 4 });
    const regions = await source.read({ ...picture, boxes });
    expect(regions.count).toBe(4);
    expect(regions.boxes[3 * 7]).toBeCloseTo(2 / 32, 6);
  });

  it('reads a picture once, and again when nothing may be kept', async () => {
    const moved: Picture = { id: '2', path: file('two.png'), boxes: [] };
    await drawPicture(moved.path, { width: 4, height: 4 }, [1, 2, 3]);
    const keeping = await make({ kind: 'crop-pixels' });
    const forgetting = await make({ kind: 'crop-pixels', cacheMegabytes: 0 });
    const [first, meanwhile] = await Promise.all([keeping.read(moved), keeping.read(moved)]);
    await forgetting.read(moved);
    rmSync(moved.path);
    expect(featuresOf(keeping, await keeping.read(moved))).toEqual(featuresOf(keeping, first));
    expect(featuresOf(keeping, meanwhile)).toEqual(featuresOf(keeping, first));
    await expect(forgetting.read(moved)).rejects.toThrow('no such picture');
  });

  it('is made again from its description', async () => {
    const source = await make({ kind: 'crop-pixels', size: 3, grid: 2 });
    const saved = JSON.parse(JSON.stringify(source.description));
    expect((await make(saved)).description).toEqual(source.description);
  });
});

const features = float32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const pixelBoxes = float32([2, 4], Float32Array.of(0, 0, 20, 10, 10, 5, 20, 10));
const entry = { features, boxes: pixelBoxes, size: float32([2], Float32Array.of(20, 10)) };
const geometry = [0, 0, 1, 1, 1, 1, 1, 0.5, 0.5, 1, 1, 0.5, 0.5, 0.25];

/** A one-array `.npy` file, as NumPy's format description 1.0 lays it out. */
function npy({ shape, data }: HostTensor): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([start, header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

function crc32(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A ZIP archive without compression (APPNOTE 4.3.6), as numpy.savez writes it. */
function zip(members: Readonly<Record<string, Buffer>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x00'), common, place, Buffer.from(name));
    const record = [Buffer.from('PK\x03\x04'), common, Buffer.from(name), bytes];
    local.push(...record);
    offset += record.reduce((sum, part) => sum + part.length, 0);
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(Object.keys(members).length, 8);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

describe('what is proposed', () => {
  const proposedBy = (kind: string, width: number, files: readonly string[]) =>
    regionKinds.find((one) => one.kind === kind)?.propose(width, { files, pictureFolders: [] });

  it('is the size whose pixels are as wide as the backbone reads', () => {
    expect(proposedBy('crop-pixels', 768, [])).toEqual([{ size: 16 }]);
    expect(proposedBy('crop-pixels', 2048, [])).toEqual([]); // 2048 / 3 is not a square
  });

  it('is every file and folder that looks like features, and no model', () => {
    const files = [
      'a/x.safetensors',
      'm/model.safetensors',
      'n/1.npz',
      'n/2.npz',
      'l/data.mdb',
      'b.lmdb',
      'c.json',
    ];
    const paths = ['a/x.safetensors', 'n', 'l', 'b.lmdb'];
    expect(proposedBy('precomputed', 2048, files)).toEqual(paths.map((path) => ({ path })));
  });
});

describe('precomputed', () => {
  const picture: Picture = { id: 'a/7', path: file('none.png') };
  const named = (id: string) =>
    new Map(Object.entries(entry).map(([name, tensor]) => [`${id}.${name}`, tensor] as const));

  beforeAll(async () => {
    writeSafetensors(file('features.safetensors'), named('a/7'));
    mkdirSync(file('npz', 'a'), { recursive: true });
    const archive = zip({ 'x.npy': npy(features), 'bbox.npy': npy(pixelBoxes), 'size.npy': npy(entry.size) });
    writeFileSync(file('npz', 'a', '7.npz'), archive);
    writeFileSync(file('npz', '8.npz'), archive);
    writeSafetensors(file('one.safetensors'), new Map(Object.entries(entry)));
    const database = open<Buffer, Buffer>({
      path: file('f.lmdb'),
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    await database.put(Buffer.from('a/7'), readFileSync(file('one.safetensors')));
    await database.close();
  });

  it.each(['features.safetensors', 'npz', 'f.lmdb'])(
    'reads features and boxes by picture id from %s',
    async (name) => {
      const source = await make({ kind: 'precomputed', path: file(name) });
      const regions = await source.read(picture);
      expect([source.width, regions.count]).toEqual([3, 2]);
      expect(featuresOf(source, regions)).toEqual([1, 2, 3, 4, 5, 6]);
      expect([...regions.boxes]).toEqual(geometry);
      await expect(source.read({ ...picture, id: 'b' })).rejects.toThrow(
        'picture b: no features are stored for it',
      );
      await expect(source.read({ ...picture, id: '../one' })).rejects.toThrow('no features are stored');
      await source.close();
    },
  );

  it('takes relative boxes as they are, and the size of a picture from its file', async () => {
    const relative = float32([1, 4], Float32Array.of(0.25, 0, 0.75, 1));
    const one = float32([1, 3]);
    writeSafetensors(
      file('r.safetensors'),
      new Map([
        ['1.features', one],
        ['1.boxes', relative],
      ]),
    );
    const source = await make({ kind: 'precomputed', path: file('r.safetensors'), boxes: 'relative' });
    expect([...(await source.read({ id: '1', path: 'x' })).boxes]).toEqual([0.25, 0, 0.75, 1, 0.5, 1, 0.5]);
    await drawPicture(file('sized.png'), { width: 40, height: 20 }, [0, 0, 0]);
    writeSafetensors(
      file('p.safetensors'),
      new Map([
        ['1.features', features],
        ['1.boxes', pixelBoxes],
      ]),
    );
    const pixels = await make({ kind: 'precomputed', path: file('p.safetensors'), maxRegions: 1 });
    const regions = await pixels.read({ id: '1', path: file('sized.png') });
    expect([...regions.boxes]).toEqual([0, 0, 0.5, 0.5, 0.5, 0.5, 0.25]);
  });

  it('tells the pixel boxes and the size of a picture that is known by its id', async () => {
    const source = await make({ kind: 'precomputed', path: file('features.safetensors'), maxRegions: 1 });
    const [width, height] = entry.size.data;
    expect(await source.stored?.({ id: 'a/7', path: 'a/7' })).toEqual({
      id: 'a/7',
      path: 'a/7',
      boxes: [[...pixelBoxes.data.slice(0, 4)]],
      width,
      height,
    });
    const relative = new Map([
      ['1.features', features],
      ['1.boxes', float32([2, 4], Float32Array.of(0, 0, 0.5, 1, 0.25, 0, 0.75, 1))],
    ]);
    writeSafetensors(file('s.safetensors'), relative);
    const shares = await make({ kind: 'precomputed', path: file('s.safetensors'), boxes: 'relative' });
    await drawPicture(file('other.png'), { width: 40, height: 20 }, [0, 0, 0]);
    const { boxes } = (await shares.stored?.({ id: '1', path: file('other.png') })) ?? {};
    expect(boxes).toEqual([
      [0, 0, 20, 20],
      [10, 0, 30, 20],
    ]);
    await expect(shares.stored?.({ id: '1', path: '1' })).rejects.toThrow(
      'picture 1: its size in pixels is not stored; a tensor `size` [width, height]',
    );
  });

  it('refuses features and boxes that are no numbers', async () => {
    const wrong = new Map([
      ['1.features', features],
      ['1.boxes', float32([2, 4], Float32Array.of(0, 0, 1, 1, 0, Number.NaN, 1, 1))],
    ]);
    writeSafetensors(file('n.safetensors'), wrong);
    const source = await make({ kind: 'precomputed', path: file('n.safetensors') });
    await expect(source.read({ id: '1', path: 'x' })).rejects.toThrow(
      'picture 1: boxes[1, 1] is NaN; a number',
    );
  });

  it('refuses shapes that do not belong together', async () => {
    const boxes = float32([3, 4]);
    writeSafetensors(
      file('w.safetensors'),
      new Map([
        ['1.features', features],
        ['1.boxes', boxes],
      ]),
    );
    const source = await make({ kind: 'precomputed', path: file('w.safetensors') });
    await expect(source.read({ id: '1', path: 'x' })).rejects.toThrow(
      'picture 1: the shapes are features [2,3], boxes [3,4]; [n, 3] and [n, 4] with the same n',
    );
  });

  it('refuses files that hold no features', async () => {
    mkdirSync(file('bare'));
    writeFileSync(
      file('old.lmdb'),
      Buffer.from(`${'\0'.repeat(16)}\xde\xc0\xef\xbe\x01${'\0'.repeat(99)}`, 'latin1'),
    );
    writeFileSync(file('short.lmdb'), 'x');
    await expect(make({ kind: 'precomputed', path: file('bare') })).rejects.toThrow('holds no .npz file');
    await expect(make({ kind: 'precomputed', path: file('nothing') })).rejects.toThrow(
      'no such file or folder',
    );
    await expect(make({ kind: 'precomputed', path: file('old.lmdb') })).rejects.toThrow(
      'this is not an LMDB file',
    );
    await expect(make({ kind: 'precomputed', path: file('short.lmdb') })).rejects.toThrow(
      'this is not an LMDB file',
    );
  });
});
