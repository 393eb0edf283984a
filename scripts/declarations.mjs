import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const TFJS = String.raw`import\(["']@tensorflow/tfjs(?:-core)?["']\)`;
const ALL = new RegExp(`typeof ${TFJS}`, 'g');
/** Imports for what they do, and of values: declarations need neither. */
const AT_RUN_TIME = /^import (?:\* as \w+ from )?["']@tensorflow[^\n]*\n/gm;
const ONE = new RegExp(String.raw`${TFJS}\.(\w+)(?:<${TFJS}\.Rank(?:\.\w+)?>)?`, 'g');

/**
 * Puts the types of src/engine/tensorTypes.ts in the place of tfjs's in every declaration of dist, so that programs are
 * type checked without those. Throws where one of tfjs stays.
 */
export function publishTensorTypes(dist) {
  const own = join(dist, 'src/engine/tensorTypes.js');
  const names = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
  for (const file of names.map((name) => join(dist, name))) {
    const text = readFileSync(file, 'utf8');
    if (!text.includes('@tensorflow/')) continue;
    const path = relative(dirname(file), own);
    const types = `import("${path.startsWith('.') ? path : `./${path}`}")`;
    const written = text
      .replace(AT_RUN_TIME, '')
      .replace(ALL, `${types}.TensorFunctions`)
      .replace(ONE, (_, name) => `${types}.${name}`);
    if (/(import|from) ?\(?["']@tensorflow/.test(written)) throw new Error(`${file} has types of tfjs`);
    writeFileSync(file, written);
  }
}
