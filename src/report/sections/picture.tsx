import type { ComponentChildren, JSX } from 'preact';
import type { ShownBox } from '../../../tasks/shown.js';
import type { GalleryPicture } from '../../recording/gallery.js';

/** The id of a picture that is on the page once and used many times. */
const pictureId = (prefix: string, at: number) => `picture-${prefix}${at}`;

/** Every picture once, not shown; `Drawing` uses them. @param prefix tells the pictures of several galleries apart */
export const PictureStore = ({
  pictures,
  prefix = '',
}: {
  readonly pictures: readonly GalleryPicture[];
  readonly prefix?: string;
}): JSX.Element => (
  <svg class="store" width="0" height="0" aria-hidden="true">
    <defs>
      {pictures.map(({ width, height, webp }, at) =>
        webp === undefined ? null : (
          <image
            id={pictureId(prefix, at)}
            width={width}
            height={height}
            preserveAspectRatio="none"
            href={`data:image/webp;base64,${webp}`}
          />
        ),
      )}
    </defs>
  </svg>
);

const round = (value: number) => Number(value.toFixed(1));

/** Of a label's letters, as a share of the picture's width. */
const LETTERS = 0.05;
/** Width of a letter through its size. */
const LETTER_WIDTH = 0.6;

const clamp = (value: number, most: number) => Math.max(0, Math.min(value, most));

type Size = Pick<GalleryPicture, 'width' | 'height'>;

/** The edges of a box; those of the right one are wide, so that they are seen behind those of a chosen one. */
const Edges = ({ shown: { box, role }, kind }: { shown: ShownBox; kind: 'halo' | 'edge' }): JSX.Element => {
  const [x1, y1, x2, y2] = box;
  const place = { x: round(x1), y: round(y1), width: round(x2 - x1), height: round(y2 - y1) };
  return <rect class={`${kind} ${role}`} {...place} />;
};

/** The label of a box: at its top where it was chosen, at its bottom where it is right, so that both can be read. */
function Label({ shown, size }: { shown: ShownBox; size: Size }): JSX.Element {
  const { box, label, role } = shown;
  const [x1, y1, , y2] = box;
  const letters = LETTERS * size.width;
  const text = label.length * letters * LETTER_WIDTH;
  const [width, height] = [text + letters * 0.8, letters * 1.4];
  const x = clamp(x1, size.width - width);
  const y = clamp(role === 'true' ? y2 : y1 - height, size.height - height);
  return (
    <>
      <rect class={`plate ${role}`} x={round(x)} y={round(y)} width={round(width)} height={round(height)} />
      <text
        x={round(x + letters * 0.4)}
        y={round(y + letters * 1.03)}
        font-size={round(letters)}
        textLength={round(text)}
        lengthAdjust="spacingAndGlyphs"
      >
        {label}
      </text>
    </>
  );
}

/** Boxes with their labels: all edges first, the right ones below, then all labels. */
function Boxes({ boxes, size }: { boxes: readonly ShownBox[]; size: Size }): JSX.Element {
  const order = ['given', 'true', 'predicted'];
  const sorted = [...boxes].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  return (
    <g class="boxes">
      {(['halo', 'edge'] as const).map((kind) => sorted.map((shown) => <Edges shown={shown} kind={kind} />))}
      {sorted.map((shown) => (
        <Label shown={shown} size={size} />
      ))}
    </g>
  );
}

const placeText = ({ label, box }: ShownBox): string =>
  `${label}: box from ${box.slice(0, 2).map(Math.round).join(', ')} to ${box.slice(2).map(Math.round).join(', ')}`;

/** What a drawing shows, in words. */
export const drawingText = (name: string, boxes: readonly ShownBox[]): string =>
  [name, ...boxes.map(placeText)].join('; ');

/** A picture with boxes over it. */
export const Drawing = ({
  picture,
  at,
  prefix = '',
  label,
  boxes = [],
  children,
}: {
  readonly picture: GalleryPicture;
  /** Its place in the gallery. */
  readonly at: number;
  readonly prefix?: string;
  readonly label: string;
  readonly boxes?: readonly ShownBox[];
  readonly children?: ComponentChildren;
}): JSX.Element => (
  <svg class="drawing" viewBox={`0 0 ${picture.width} ${picture.height}`} role="img" aria-label={label}>
    {picture.webp === undefined ? (
      <rect class="missing" width={picture.width} height={picture.height} />
    ) : (
      <use href={`#${pictureId(prefix, at)}`} />
    )}
    {boxes.length > 0 && <Boxes boxes={boxes} size={picture} />}
    {children}
  </svg>
);
