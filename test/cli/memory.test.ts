import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BuiltCli } from './builtCli.js';
import { buildTinyCli } from './tinyRecipe.js';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildTinyCli();
});
afterAll(() => cli.remove());
afterEach(() => vi.restoreAllMocks());

/** As if the group of this process had that much memory. */
const limitTo = (bytes: number) => vi.spyOn(process, 'constrainedMemory').mockReturnValue(bytes);

/** Less than a batch of the tiny model, more than its weights: 13,536 numbers. */
const FEW = 100_000;
/** More than what a batch of it takes at least, less than the process itself has. */
const TIGHT = 1_000_000;

describe('a batch that does not fit into memory', () => {
  it('is refused before anything is written, and before an earlier run is removed', async () => {
    limitTo(FEW);
    const refused = await cli.here('run', 'tiny.json', '--output', 'none');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/error: training\.batchSize: a batch of 8 takes at least \d+ kB/);
    expect(refused.stderr).toContain('this machine has 100 kB of memory');
    expect(existsSync(join(cli.folder, 'none'))).toBe(false);

    vi.restoreAllMocks();
    expect((await cli.here('run', 'tiny.json', '--output', 'there')).code).toBe(0);
    const summary = readFileSync(join(cli.folder, 'there/summary.json'));
    limitTo(FEW);
    expect((await cli.here('run', 'tiny.json', '--output', 'there', '--overwrite')).code).toBe(2);
    expect(readFileSync(join(cli.folder, 'there/summary.json')).equals(summary)).toBe(true);
    expect((await cli.here('plan', 'tiny.json')).code).toBe(2);
  });

  it('is told where it may not, once, by each verb that computes batches', async () => {
    expect((await cli.here('run', 'tiny.json', '--output', 'told')).code).toBe(0);
    const line = {
      text: 'is there a red one',
      picture: 'data/emoji-scenes/images/test/scene_000000000019.png',
    };
    writeFileSync(join(cli.folder, 'q.jsonl'), `${JSON.stringify(line)}\n`.repeat(40));
    limitTo(TIGHT);
    const verbs = [
      ['plan', 'tiny.json'],
      ['evaluate', 'told'],
      ['run', 'tiny.json', '--output', 'again'],
      ['predict', 'told', '--input', 'q.jsonl', '--output', 'a.jsonl'],
    ];
    for (const words of verbs) {
      const { code, stderr } = await cli.here(...words);
      expect(code).toBe(0);
      const told = stderr.match(
        /training\.batchSize: a batch of 8 may take \d+ MB, this machine has 1\.0 MB/g,
      );
      expect(told, words.join(' ')).toHaveLength(1);
    }
    const words = ['predict', 'told', '--input', 'q.jsonl', '--batch-size', '4', '--output', 'b.jsonl'];
    expect((await cli.here(...words)).stderr).toMatch(/--batch-size: a batch of 4 may take/);
  });
});
