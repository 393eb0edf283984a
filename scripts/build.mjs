import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { publishTensorTypes } from './declarations.mjs';
import { bin, isMain, root, run } from './run.mjs';
import { setup } from './setup.mjs';

const main = join(root, 'dist/src/cli/main.js');
// Not in dist, which is what the package ships.
const stampFile = join(root, 'node_modules/.cache/vlgraft-sources');

/** Name, size and time of everything the build is made from: what differs from the last build is built again. */
function stampOf() {
  const folders = ['src', 'adapters', 'tasks', 'bench', 'test/fuzz'];
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => /\.(tsx?|json)$/.test(name))
      .map((name) => join(folder, name)),
  );
  const files = [...sources.sort(), 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  const describe = (file) => {
    const { size, mtimeMs } = statSync(join(root, file));
    return `${file} ${size} ${mtimeMs}\n`;
  };
  return files.map(describe).join('');
}

/** Compiles to dist where a source has changed; returns the exit code. */
export async function build() {
  const code = await setup();
  if (code !== 0) return code;
  const stamp = stampOf();
  if (existsSync(main) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 0;
  // From scratch, so that nothing stays of a source that is gone.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const compiled = await run(bin('tsc'), ['-p', 'tsconfig.build.json']);
  if (existsSync(main)) chmodSync(main, 0o755);
  if (compiled !== 0) return compiled;
  publishTensorTypes(join(root, 'dist'));
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  return 0;
}

if (isMain(import.meta.url)) process.exitCode = await build();
