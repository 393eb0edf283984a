import type { Problem } from '../../../src/base/errors.js';
import { type NumberRule, type PeftConfig, shown } from './options.js';

/** Names of modules as PEFT's patterns spell them: letters and dots, each dot any character, `^` the start of the name. */
const PLAIN = /^\^?(?:[\w-]|\\?\.)+\$?$/;

/** Whether a module's name ends as the pattern says. */
function fits(module: string, pattern: string): boolean {
  const fromStart = pattern.startsWith('^');
  const characters = pattern.replace(/^\^|\$$/g, '').match(/\\\.|./g) as string[];
  const start = module.length - characters.length;
  if (start < 0 || (fromStart && start > 0) || (start > 0 && module[start - 1] !== '.')) return false;
  return characters.every((character, i) => character === '.' || module[start + i] === character.at(-1));
}

/**
 * What `rank_pattern` or `alpha_pattern` gives a module: the number of the first key that its name ends as. Adds to
 * `problems` other regular expressions, which come from a file and are not run, and wrong numbers.
 */
export function patternAt(
  config: PeftConfig,
  key: 'rank_pattern' | 'alpha_pattern',
  { isRight, expected }: NumberRule,
  problems: Problem[],
): (module: string) => number | undefined {
  const usable: [string, number][] = [];
  for (const [pattern, value] of Object.entries(config[key] ?? {})) {
    const where = `/${key}/${pattern}`;
    if (typeof value !== 'number' || !isRight(value)) {
      problems.push({ where, message: `it is ${shown(value)}`, expected });
    } else if (!PLAIN.test(pattern)) {
      const message = 'this key is a regular expression, which is not run';
      problems.push({ where, message, expected: 'names of modules, or how they end' });
    } else usable.push([pattern, value]);
  }
  return (module) => usable.find(([pattern]) => fits(module, pattern))?.[1];
}
