import { SaxesParser } from 'saxes';
import type { Problem } from '../../src/base/errors.js';
import { readBytes } from './textFile.js';

/** An element of an XML file. */
export interface XmlElement {
  readonly name: string;
  /** Of its start tag, 1-based. */
  readonly line: number;
  /** Its own text, without that of its children and without white space around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

type Growing = { -readonly [Key in keyof XmlElement]: XmlElement[Key] } & { children: Growing[] };

/** Bytes of the largest file that is read: annotations of one picture have a few thousand. */
const LARGEST = 16 * 2 ** 20;

/** Where the parser stands and what it says, without the place that it writes before its words. */
const problemAt = (file: string, { line, column }: SaxesParser, { message }: Error): Problem => ({
  file,
  line,
  column,
  message: `not XML: ${message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')}`,
});

function parse(file: string, text: string): XmlElement | Problem {
  const parser = new SaxesParser();
  const open: Growing[] = [];
  let root: Growing | undefined;
  let problem: Problem | undefined;
  parser.on('error', (error) => {
    problem ??= problemAt(file, parser, error);
  });
  parser.on('opentag', ({ name }) => {
    const element: Growing = { name, line: parser.line, text: '', children: [] };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('text', (part) => {
    const inside = open.at(-1);
    if (inside) inside.text += part;
  });
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed) closed.text = closed.text.trim();
  });
  parser.write(text).close();
  return problem ?? (root as Growing);
}

/**
 * The root of a small XML file of a dataset (UTF-8); undefined, with the first reason among the problems, where it is
 * not well-formed. No document type is read: an entity besides XML's own five is an error, so that none can grow.
 */
export function readXmlFile(file: string, problems: Problem[]): XmlElement | undefined {
  const bytes = readBytes(file, problems, LARGEST);
  if (!bytes) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    problems.push({ file, message: 'the file is not UTF-8' });
    return undefined;
  }
  const result = parse(file, text);
  if ('children' in result) return result;
  problems.push(result);
  return undefined;
}
