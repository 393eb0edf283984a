// Reading and storing beside the npm package lmdb, and what checks of integrity cost: npm run bench:stores. Entrants
// take turns in one process; the tables go into docs/benchmarks.md. Needs 4 GB of disk in the temporary folder.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { open } from 'lmdb';
import { float32 } from '../src/base/hostTensor.js';
import { createRandom } from '../src/base/random.js';
import { damagedFiles, writeChecksums } from '../src/checkpoints/checksums.js';
import { readSafetensors, writeSafetensors } from '../src/checkpoints/safetensors.js';
import { openLmdbFile } from '../src/data/lmdb/lmdbFile.js';
import { checkEngine } from '../src/engine/install/integrity.js';
import { locateEngine } from '../src/engine/install/locate.js';
import { openEntrySet } from '../src/frozen/store/entrySet.js';
import { outputsNotFinite } from '../src/model/notFinite.js';
import { machine, markdownTable, writeMarkedSection } from './markedSection.js';

const RECORDS = 10_000;
/** 36 regions of 2048 numbers. */
const RECORD_BYTES = 36 * 2048 * 4;
/** An epoch of stored values: hidden states of 70 positions of BERT-base in f32, in batches. */
const [EXAMPLES, VALUE_BYTES, BATCH] = [2000, 70 * 768 * 4, 32];
const ROUNDS = 5;

const now = () => performance.now() / 1000;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function secondsOf(work: () => unknown): Promise<number> {
  const start = now();
  await work();
  return now() - start;
}

/** Medians of both, in turns, and of the ratio of the peer's to ours. */
async function inTurns(ours: () => unknown, peer: () => unknown, rounds = ROUNDS) {
  const pairs: [number, number][] = [];
  for (let n = 0; n < rounds; n++) pairs.push([await secondsOf(ours), await secondsOf(peer)]);
  const own = median(pairs.map(([a]) => a));
  const other = median(pairs.map(([, b]) => b));
  return { own, other, ratio: median(pairs.map(([a, b]) => b / a)) };
}

type Turns = Awaited<ReturnType<typeof inTurns>>;

const row = (what: string, { own, other, ratio }: Turns, unit: (seconds: number) => string): string[] => [
  what,
  unit(own),
  `${unit(other)} (${ratio.toFixed(2)})`,
];
const milliseconds = (seconds: number): string => `${(1000 * seconds).toPrecision(3)} ms`;
const rate = (bytes: number) => (seconds: number) => `${(bytes / seconds / 1e9).toFixed(2)} GB/s`;

const lmdbOptions = { noSubdir: true, encoding: 'binary', keyEncoding: 'binary' } as const;
const keyOf = (n: number): Buffer => Buffer.from(String(n).padStart(16, '0'));

async function features(folder: string): Promise<string[][]> {
  const path = join(folder, 'features.lmdb');
  const written = open<Buffer, Buffer>({ path, ...lmdbOptions });
  const value = Buffer.alloc(RECORD_BYTES);
  for (let n = 0; n < RECORDS; n++) {
    value.writeUInt32LE(n, 0);
    void written.put(keyOf(n), Buffer.from(value));
    if (n % 100 === 99) await written.flushed;
  }
  await written.close();
  const openOurs = () => openLmdbFile(path);
  const openPeer = () => open<Buffer, Buffer>({ path, ...lmdbOptions, readOnly: true });
  const opened = await inTurns(
    () => {
      const file = openOurs();
      file.get(keyOf(1));
      file.close();
    },
    async () => {
      const file = openPeer();
      file.getBinary(keyOf(1));
      await file.close();
    },
  );
  const [ours, peer] = [openOurs(), openPeer()];
  const random = createRandom('stores');
  let sum = 0;
  const chosen = Array.from({ length: 2000 }, () => keyOf(random.integer(RECORDS)));
  const read = await inTurns(
    () => {
      for (const key of chosen) sum += (ours.get(key) as Buffer).readUInt32LE(0);
    },
    () => {
      for (const key of chosen) sum += (peer.getBinary(key) as Buffer).readUInt32LE(0);
    },
  );
  ours.close();
  await peer.close();
  if (sum === 0) throw new Error('nothing was read');
  return [
    row('features: open and first record', opened, milliseconds),
    row('features: records at random', read, rate(chosen.length * RECORD_BYTES)),
  ];
}

async function values(folder: string): Promise<string[][]> {
  const batches = Array.from({ length: EXAMPLES / BATCH }, (_, at) => at);
  const payload = Buffer.alloc(VALUE_BYTES, 3);
  const entriesOf = (at: number) =>
    Array.from({ length: BATCH }, (_, n) => ({ key: keyOf(at * BATCH + n), pieces: [payload] }));
  let turn = 0;
  let sum = 0;
  const pairsWrite: [number, number][] = [];
  const pairsRead: [number, number][] = [];
  for (; turn < ROUNDS; turn++) {
    const set = await openEntrySet(join(folder, `set${turn}`), {
      kind: 'values',
      backbone: 'b',
      what: 'w',
      identity: { turn },
    });
    const ownWrite = await secondsOf(async () => {
      for (const at of batches) await set.write(entriesOf(at));
    });
    const peer = open<Buffer, Buffer>({ path: join(folder, `values${turn}.lmdb`), ...lmdbOptions });
    const peerWrite = await secondsOf(async () => {
      for (const at of batches) {
        for (const { key } of entriesOf(at)) void peer.put(key, payload);
        await peer.committed;
      }
    });
    const random = createRandom('epoch', turn);
    const order = batches.flatMap((at) => entriesOf(at).map(({ key }) => key));
    for (let n = order.length - 1; n > 0; n--) {
      const m = random.integer(n + 1);
      [order[n], order[m]] = [order[m] as Buffer, order[n] as Buffer];
    }
    const ownRead = await secondsOf(() => {
      for (const key of order) set.read(key, (bytes) => (sum += bytes[0] as number));
    });
    const peerRead = await secondsOf(() => {
      for (const key of order) sum += (peer.getBinary(key) as Buffer)[0] as number;
    });
    pairsWrite.push([ownWrite, peerWrite]);
    pairsRead.push([ownRead, peerRead]);
    await set.close();
    await peer.close();
    rmSync(join(folder, `set${turn}`), { recursive: true });
    rmSync(join(folder, `values${turn}.lmdb`), { force: true });
  }
  if (sum === 0) throw new Error('nothing was read');
  const turnsOf = (pairs: readonly [number, number][]): Turns => ({
    own: median(pairs.map(([a]) => a)),
    other: median(pairs.map(([, b]) => b)),
    ratio: median(pairs.map(([a, b]) => b / a)),
  });
  const bytes = batches.length * BATCH * VALUE_BYTES;
  return [
    row('stored values of an epoch: writing', turnsOf(pairsWrite), rate(bytes)),
    row('stored values of an epoch: reading', turnsOf(pairsRead), rate(bytes)),
  ];
}

async function checks(folder: string): Promise<string[][]> {
  const engine = locateEngine();
  const place = join(folder, 'checkpoint');
  mkdirSync(place);
  const tensors = new Map(
    Array.from({ length: 25 }, (_, n) => [
      `w${n}`,
      float32([1000, 1000], new Float32Array(1e6).fill(n + 0.5)),
    ]),
  );
  writeSafetensors(join(place, 'parameters.safetensors'), tensors);
  writeChecksums(place, ['parameters.safetensors']);
  const logits = float32([64, 3129], new Float32Array(64 * 3129).fill(0.25));
  const each = async (work: () => unknown, times = ROUNDS): Promise<number> => {
    const taken: number[] = [];
    for (let n = 0; n < times; n++) taken.push(await secondsOf(work));
    return median(taken);
  };
  const readAll = () => {
    for (const [, { data }] of readSafetensors(join(place, 'parameters.safetensors'))) data.at(0);
  };
  return [
    ...(engine.found
      ? [
          [
            'engine at each start: sizes and times of its files',
            milliseconds(await each(() => checkEngine(engine))),
          ],
          [
            'engine when its files changed, and `engine check`: all hashes',
            milliseconds(await each(() => checkEngine(engine, true), 1)),
          ],
        ]
      : []),
    ['a checkpoint of 100 MB: reading', milliseconds(await each(readAll))],
    ['a checkpoint of 100 MB: its checksums', milliseconds(await each(() => damagedFiles(place)))],
    [
      'outputs of an evaluation step that are not finite: 64 x 3129 scores',
      milliseconds(await each(() => outputsNotFinite({ scores: logits }, []), 50)),
    ],
  ];
}

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-stores-'));
try {
  const rows = [...(await features(folder)), ...(await values(folder))];
  const text = [
    markdownTable([['', 'vlgraft', 'npm package lmdb'], ...rows]),
    '',
    markdownTable([['check', 'time'], ...(await checks(folder))]),
    '',
    machine(),
  ].join('\n');
  console.log(text);
  writeMarkedSection('benchmarks.md', 'stores', text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
