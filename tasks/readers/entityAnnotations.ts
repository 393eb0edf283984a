import type { Problem } from '../../src/base/errors.js';
import { type PixelBox, toPixelBox } from '../../src/data/boxes.js';
import { readXmlFile, type XmlElement } from './xmlFile.js';

/** What Flickr30k Entities knows of a picture. */
export interface EntityAnnotations {
  readonly fileName?: string;
  readonly width: number;
  readonly height: number;
  /** Every different box. */
  readonly boxes: readonly PixelBox[];
  /** Coreference chain -> its boxes; chains of scenes and of things without a box are left out. */
  readonly chains: ReadonlyMap<string, readonly PixelBox[]>;
}

/** Adds a problem of the file. */
type Add = (line: number, message: string) => void;

const SIDES = ['xmin', 'ymin', 'xmax', 'ymax'] as const;

const all = (element: XmlElement | undefined, name: string): XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? [];

/** A whole number; problem where there is none. */
function integer(element: XmlElement, name: string, add: Add): number | undefined {
  const [found] = all(element, name);
  if (found && /^-?\d{1,9}$/.test(found.text)) return Number(found.text);
  const message = found
    ? `<${name}> is '${found.text.slice(0, 40)}', not a whole number`
    : `<${name}> is missing`;
  add(found?.line ?? element.line, message);
  return undefined;
}

/**
 * The box of an object: the file counts pixels from 1 and has the last one inside, as PASCAL VOC does (the dataset's
 * Python code takes 1 off all four), so that x1 = xmin - 1, y1 = ymin - 1, x2 = xmax, y2 = ymax.
 */
function boxOf(
  element: XmlElement,
  size: { readonly width: number; readonly height: number },
  add: Add,
): PixelBox | undefined {
  const sides = SIDES.map((side) => integer(element, side, add));
  if (sides.some((side) => side === undefined)) return undefined;
  const [xmin, ymin, xmax, ymax] = sides as [number, number, number, number];
  const corners = [xmin - 1, ymin - 1, xmax, ymax];
  const box = toPixelBox(corners, { space: 'absolute', layout: 'xyxy' }, size);
  if (typeof box !== 'string') return box;
  const asWritten = SIDES.map((side, at) => `${side} ${sides[at]}`).join(', ');
  add(element.line, box.replace(`[${corners.join(', ')}]`, asWritten));
  return undefined;
}

/** Pixels of the picture; undefined where they are not said. */
function sizeOf(root: XmlElement, add: Add): { readonly width: number; readonly height: number } | undefined {
  const [size] = all(root, 'size');
  if (!size) return void add(root.line, '<size> is missing');
  const [width, height] = [integer(size, 'width', add), integer(size, 'height', add)];
  if (width === undefined || height === undefined) return undefined;
  if (width > 0 && height > 0) return { width, height };
  return void add(size.line, `a picture of ${width} x ${height} pixels`);
}

/** Reads `Annotations/{id}.xml`; undefined where it has problems, which are added. */
export function readEntityAnnotations(file: string, problems: Problem[]): EntityAnnotations | undefined {
  const root = readXmlFile(file, problems);
  if (!root) return undefined;
  const before = problems.length;
  const add: Add = (line, message) => void problems.push({ file, line, message });
  if (root.name !== 'annotation') add(root.line, `the root is <${root.name}>, not <annotation>`);
  const size = sizeOf(root, add);
  if (!size) return undefined;
  const chains = new Map<string, PixelBox[]>();
  const boxes = new Map<string, PixelBox>();
  for (const object of all(root, 'object')) {
    const names = new Set(all(object, 'name').map(({ text }) => text));
    if (names.size === 0) add(object.line, '<object> has no <name>');
    const [element] = all(object, 'bndbox');
    const box = element && element.children.length > 0 ? boxOf(element, size, add) : undefined;
    if (!box) continue;
    boxes.set(box.join(), box);
    for (const name of names) chains.set(name, [...(chains.get(name) ?? []), box]);
  }
  if (problems.length > before) return undefined;
  const fileName = all(root, 'filename')[0]?.text;
  return { ...(fileName && { fileName }), ...size, boxes: [...boxes.values()], chains };
}
