// Loaded before the command line: holds the process at a call of node:fs, as slow disks and large files do. VLGRAFT_HOLD
// says which call, of which path, and for how many milliseconds; a file is written there once it holds.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { call, path, milliseconds, mark } = JSON.parse(process.env.VLGRAFT_HOLD);
const before = fs[call];
fs[call] = (...given) => {
  if (new RegExp(path).test(String(given[0])) && !fs.statSync(mark, { throwIfNoEntry: false })) {
    fs.writeFileSync(`${mark}.part`, String(process.pid));
    fs.renameSync(`${mark}.part`, mark);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }
  return before(...given);
};
syncBuiltinESMExports();
