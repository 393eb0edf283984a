import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/base/errors.js';
import { writeAnnotations } from '../../../src/data/emojiScenes/writeAnnotations.js';
import { temporaryFolder } from '../pictures.js';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder.path, ...parts);
afterAll(() => folder.remove());

describe('writeAnnotations', () => {
  it('makes folders, writes and links, in place of what an interrupted run left', async () => {
    writeFileSync(at('picture.png'), 'pixels');
    mkdirSync(at('deep/er'), { recursive: true });
    writeFileSync(at('deep/er/link.png'), 'half a pic');
    const names = await writeAnnotations(folder.path, [
      { name: 'deep/list.json', content: '[]' },
      { name: 'deep/er/link.png', linkTo: 'picture.png' },
    ]);
    expect(names).toEqual(['deep/list.json', 'deep/er/link.png']);
    expect(readFileSync(at('deep/list.json'), 'utf8')).toBe('[]');
    expect(readFileSync(at('deep/er/link.png'), 'utf8')).toBe('pixels');
    expect(statSync(at('deep/er/link.png')).size).toBe(6);
  });

  it('names a file that a link leads to and that is not there', async () => {
    const lost = writeAnnotations(folder.path, [{ name: 'a.png', linkTo: 'lost.png' }]);
    await expect(lost).rejects.toThrow(/lost\.png/);
  });

  it('stops between files', async () => {
    const stop = new AbortController();
    stop.abort();
    const many = Array.from({ length: 100 }, (_, i) => ({ name: `many/${i}`, content: `${i}` }));
    await expect(writeAnnotations(folder.path, many, stop.signal)).rejects.toThrow(InterruptedError);
    await expect(writeAnnotations(folder.path, many)).resolves.toHaveLength(100);
  });
});
