import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listFolder, listingBelow } from '../../src/data/folderListing.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vlgraft-listing-'));
  const files = [
    'readme.md',
    'images/train/1.png',
    'images/train/2.JPG',
    'images/train/boxes.json',
    'notes/a.txt',
    '.hidden/b.txt',
    'node_modules/c/d.json',
    ...Array.from({ length: 300 }, (_, id) => `many/${String(id).padStart(3, '0')}.xml`),
    'a/b/c/d/e/deep.txt',
    'a/b/c/d/e/f/deeper.txt',
  ];
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  symlinkSync(join(root, 'images'), join(root, 'linked'));
  symlinkSync(join(root, 'nowhere'), join(root, 'broken'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('a listing', () => {
  it('has the files that are no pictures, and the folders of pictures, links followed', () => {
    const { files, pictureFolders } = listFolder(root);
    expect(files).toEqual(expect.arrayContaining(['readme.md', 'images/train/boxes.json', 'notes/a.txt']));
    expect(files.some((file) => /png|JPG/.test(file))).toBe(false);
    expect([...pictureFolders].sort()).toEqual(['images/train', 'linked/train']);
  });

  it('leaves out what is hidden, packages, and what lies too deep', () => {
    const { files } = listFolder(root);
    expect(files.filter((file) => /hidden|node_modules|deeper/.test(file))).toEqual([]);
    expect(files).toContain('a/b/c/d/e/deep.txt');
  });

  it('keeps the first files of a folder with very many', () => {
    const many = listFolder(root).files.filter((file) => file.startsWith('many/'));
    expect(many).toHaveLength(200);
    expect(many[0]).toBe('many/000.xml');
  });

  it('of a folder that is not there is empty', () => {
    expect(listFolder(join(root, 'none'))).toEqual({ files: [], pictureFolders: [] });
  });

  it('has parts', () => {
    const listing = listFolder(root);
    expect(listingBelow(listing, 'images')).toEqual({
      files: ['train/boxes.json'],
      pictureFolders: ['train'],
    });
    expect(listingBelow(listing, 'images/train').pictureFolders).toEqual(['']);
    expect(listingBelow(listing, '')).toEqual(listing);
  });
});
