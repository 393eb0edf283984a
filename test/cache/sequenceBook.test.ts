import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { BackboneShape } from '../../src/backbones/backbone.js';
import type { EncodedSequence, Processor } from '../../src/data/sequence.js';
import { createSequenceBook } from '../../src/frozen/sequenceBook.js';
import { openEntrySet } from '../../src/frozen/store/entrySet.js';

const root = mkdtempSync(join(tmpdir(), 'vlgraft-book-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A sequence of as many ids as its text has letters, and boxes. */
type Sequence = EncodedSequence & { readonly boxes: Float32Array };

const sequenceOf = (text: string): Sequence => ({
  length: text.length,
  textLength: text.length,
  inputIds: Int32Array.from(text, (letter) => letter.charCodeAt(0)),
  boxes: Float32Array.from(text, (_, at) => at + text.length / 100),
});

const processor = {
  encode: async ({ text = '' }) => sequenceOf(text),
  collate: () => ({}),
  storage: { withoutPictures: (sequence: EncodedSequence) => sequence, filesOf: () => [] },
} as unknown as Processor;

const shape: Pick<BackboneShape, 'streams'> = { streams: [] };
const description = { kind: 'inputs', backbone: 'none', what: 'sequences', identity: {} } as const;

it('sequences that an earlier run stored stay what they were while others are read', async () => {
  // Of many lengths, so that some of their arrays begin where the stored bytes are aligned, and others not.
  const texts = Array.from({ length: 60 }, (_, at) => `${at} `.repeat(1 + (at % 13)));
  const record = async () => {
    const records = await openEntrySet(root, description);
    return { records, book: createSequenceBook(processor, shape, records) };
  };
  const first = await record();
  for (const text of texts) await first.book.processor.encode({ text });
  await first.book.flush();
  await first.records.close();

  const second = await record();
  second.book.withoutPictures = true;
  const recalled: Sequence[] = [];
  for (const text of texts) recalled.push((await second.book.processor.encode({ text })) as Sequence);
  for (const [at, text] of texts.entries()) {
    const { inputIds, boxes } = sequenceOf(text);
    expect([...recalled[at]!.inputIds], text).toEqual([...inputIds]);
    expect([...recalled[at]!.boxes], text).toEqual([...boxes]);
  }
  await second.records.close();
});
