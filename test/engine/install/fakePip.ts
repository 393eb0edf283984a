import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A machine for a test: a PATH with nothing but a stand-in for `python3 -m pip`, and a cache folder of its own. */
export interface FakePip {
  readonly environment: { readonly PATH: string; readonly VLGRAFT_CACHE: string };
  readonly cache: string;
  /** The arguments of each call so far. */
  calls(): string[][];
}

/** How the stand-in behaves. */
export interface FakePipOptions {
  readonly wheel: Buffer;
  /** What its report says instead of the wheel's own hash. */
  readonly sha256?: string;
  /** Its error output for a dry run, which then fails. */
  readonly refuses?: string;
  /** Seconds that its first download takes. */
  readonly seconds?: number;
}

const file = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

// Answers the three calls that are made of pip: its version, a dry run with a report, a download.
const program = `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const { report, refuses, seconds } = JSON.parse(fs.readFileSync(path.join(__dirname, 'answers.json'), 'utf8'));
const given = process.argv.slice(2);
const calls = path.join(__dirname, 'calls');
const first = !fs.existsSync(calls) || !fs.readFileSync(calls, 'utf8').includes('"download"');
fs.appendFileSync(calls, JSON.stringify(given) + '\\n');
const option = (name) => given.find((text) => text.startsWith(name + '='))?.slice(name.length + 1);
if (given.includes('--version')) console.log('pip 24.0 from /usr/lib/python3/pip (python 3.12)');
else if (given.includes('--dry-run')) {
  if (refuses) { console.error(refuses); process.exit(1); }
  console.log(JSON.stringify(report));
} else {
  fs.writeFileSync(path.join(process.env.TMPDIR, 'half.whl'), 'half');
  const copy = () => fs.copyFileSync(path.join(__dirname, 'wheel'), path.join(option('--dest'), '${file}'));
  setTimeout(copy, first ? seconds * 1000 : 0);
}
`;

/** Makes such a machine in a temporary folder, which goes with the test. */
export function fakePip({ wheel, sha256, refuses = '', seconds = 0 }: FakePipOptions): FakePip {
  const root = mkdtempSync(join(tmpdir(), 'vlgraft-install-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const bin = join(root, 'bin');
  const cache = join(root, 'cache');
  mkdirSync(bin);
  const hashes = { sha256: sha256 ?? createHash('sha256').update(wheel).digest('hex') };
  const download_info = { url: `https://index.example/packages/${file}`, archive_info: { hashes } };
  const report = { install: [{ download_info, metadata: { name: 'tensorflow_cpu', version: '2.21.0' } }] };
  writeFileSync(join(bin, 'answers.json'), JSON.stringify({ report, refuses, seconds }));
  writeFileSync(join(bin, 'wheel'), wheel);
  writeFileSync(join(bin, 'python3'), program);
  chmodSync(join(bin, 'python3'), 0o755);
  const calls = () =>
    readFileSync(join(bin, 'calls'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
  return { environment: { PATH: bin, VLGRAFT_CACHE: cache }, cache, calls };
}
