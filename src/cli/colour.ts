import { styleText } from 'node:util';

/** What colours depend on: a stream, or a test's stand-in. */
type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>;

/**
 * Whether a stream gets colours: a terminal that shows them, unless NO_COLOR is set. FORCE_COLOR overrules both, `0` and
 * `false` forbid.
 */
export function hasColour(stream: Stream, { FORCE_COLOR, NO_COLOR, TERM } = process.env): boolean {
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR);
  if (NO_COLOR || TERM === 'dumb') return false;
  return stream.isTTY === true && stream.hasColors();
}

/** A text in a colour where the stream shows colours; a colour is never the only sign of anything. */
export const coloured = (stream: Stream, style: 'red' | 'bold', text: string): string =>
  hasColour(stream) ? styleText(style, text, { validateStream: false }) : text;
