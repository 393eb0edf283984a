/** How a field of a protobuf message is written. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

const key = (field: number, kind: number): number[] => varint(field * 8 + kind);
const bytesField = (field: number, bytes: Iterable<number>): number[] => {
  const content = [...bytes];
  return [...key(field, BYTES), ...varint(content.length), ...content];
};

function doubleField(field: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...key(field, FIXED64), ...bytes];
}

function floatField(field: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...key(field, FIXED32), ...bytes];
}

/** An integer field; protobuf leaves zeros out. */
const integerField = (field: number, value: number): number[] =>
  value === 0 ? [] : [...key(field, VARINT), ...varint(value)];

const text = (value: string) => new TextEncoder().encode(value);

/** The first event of every file: which format it has. */
export const versionEvent = (wallTime: number): Uint8Array =>
  Uint8Array.from([...doubleField(1, wallTime), ...bytesField(3, text('brain.Event:2'))]);

/** Values at one step. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** Tag -> value. */
  readonly values: Readonly<Record<string, number>>;
}

/** tensorflow.Event with a tensorflow.Summary of simple values, as protobuf. */
export function scalarEvent({ wallTime, step, values }: ScalarEvent): Uint8Array {
  const summary = Object.entries(values).flatMap(([tag, value]) =>
    bytesField(1, [...bytesField(1, text(tag)), ...floatField(2, value)]),
  );
  return Uint8Array.from([...doubleField(1, wallTime), ...integerField(2, step), ...bytesField(5, summary)]);
}

/** Fields of a message by number, the first of each: an integer, or the bytes of anything else. */
function fieldsOf(message: Uint8Array): Map<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 0x80) {
      const byte = message[at++]!;
      value += (byte % 0x80) * scale;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const head = readVarint();
    const kind = head % 8;
    const number = Math.floor(head / 8);
    if (kind === VARINT) {
      const value = readVarint();
      if (!fields.has(number)) fields.set(number, value);
      continue;
    }
    const length = kind === BYTES ? readVarint() : kind === FIXED64 ? 8 : 4;
    if (!fields.has(number)) fields.set(number, message.subarray(at, at + length));
    at += length;
  }
  return fields;
}

const asMessage = (value: number | Uint8Array | undefined): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array();

/** Step and first tag of an event as `scalarEvent` writes it; no tag for the first event of a file. */
export function readEvent(event: Uint8Array): { readonly step: number; readonly tag?: string } {
  const fields = fieldsOf(event);
  const step = Number(fields.get(2) ?? 0);
  const summary = fields.get(5);
  if (summary === undefined) return { step };
  const value = asMessage(fieldsOf(asMessage(summary)).get(1));
  return { step, tag: new TextDecoder().decode(asMessage(fieldsOf(value).get(1))) };
}
