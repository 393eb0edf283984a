import type { JSX } from 'preact';
import { largest } from '../../base/lists.js';
import type { Gallery, GalleryLook, LookedPlace } from '../../recording/gallery.js';
import { Scroll } from '../parts.js';
import { Drawing } from './picture.js';

/** Places up to which each has a number of its own in the picture and a column in the table. */
const FEW = 12;
/** Strongest places that are named where there are many. */
const NAMED = 3;
/** Of the strongest place. */
const OPACITY = 0.72;

const share = (weight: number): string => `${(100 * weight).toFixed(weight < 0.0995 ? 1 : 0)} %`;
const round = (value: number) => Number(value.toFixed(1));

interface Size {
  readonly width: number;
  readonly height: number;
}

const cornersOf = ({ part = [0, 0, 1, 1] }: LookedPlace, { width, height }: Size) => ({
  x: round(part[0] * width),
  y: round(part[1] * height),
  width: round((part[2] - part[0]) * width),
  height: round((part[3] - part[1]) * height),
});

interface Weighted {
  readonly place: LookedPlace;
  readonly weight: number;
}

/** The places of one picture that are parts of it, with the weights of one word. */
const partsOf = ({ places }: GalleryLook, weights: readonly number[], picture: number): Weighted[] =>
  places.flatMap((place, at) =>
    place.part && place.picture === picture ? [{ place, weight: weights[at] ?? 0 }] : [],
  );

const Numbered = ({ parts, size }: { parts: readonly Weighted[]; size: Size }): JSX.Element => (
  <>
    {parts.map(({ place, weight }) => {
      const { x, y, width } = cornersOf(place, size);
      const letters = 0.055 * size.width;
      return (
        <text
          class="weight"
          x={round(x + width / 2)}
          y={round(y + letters * 1.2)}
          font-size={round(letters)}
          text-anchor="middle"
        >
          {share(weight)}
        </text>
      );
    })}
  </>
);

/** Steps of opacity, so that many patches are few shapes. */
const LEVELS = 10;

/** Parts of about the same weight as one shape each; what is next to nothing is left out. */
function Levels({
  parts,
  most,
  size,
}: {
  parts: readonly Weighted[];
  most: number;
  size: Size;
}): JSX.Element {
  const paths = new Map<number, string>();
  for (const { place, weight } of parts) {
    const level = Math.round((LEVELS * weight) / most);
    const { x, y, width, height } = cornersOf(place, size);
    if (level > 0) paths.set(level, `${paths.get(level) ?? ''}M${x} ${y}h${width}v${height}h${-width}z`);
  }
  return (
    <>
      {[...paths].map(([level, d]) => (
        <path class="seen" d={d} fill-opacity={((OPACITY * level) / LEVELS).toFixed(2)} />
      ))}
    </>
  );
}

/** What one word sees of one picture. */
function Heat({ parts, most, size }: { parts: readonly Weighted[]; most: number; size: Size }): JSX.Element {
  const strongest = parts.reduce<Weighted | undefined>(
    (best, part) => (best && best.weight >= part.weight ? best : part),
    undefined,
  );
  return (
    <>
      {parts.length <= FEW ? (
        parts.map(({ place, weight }) => (
          <rect
            class="seen"
            {...cornersOf(place, size)}
            fill-opacity={((OPACITY * weight) / most).toFixed(2)}
          />
        ))
      ) : (
        <Levels parts={parts} most={most} size={size} />
      )}
      {strongest && strongest.weight === most && (
        <rect class="strongest" {...cornersOf(strongest.place, size)} />
      )}
      {parts.length <= FEW && <Numbered parts={parts} size={size} />}
    </>
  );
}

const strongestText = ({ places }: GalleryLook, weights: readonly number[]): string =>
  [...weights.keys()]
    .sort((a, b) => weights[b]! - weights[a]! || a - b)
    .slice(0, NAMED)
    .map((at) => `${places[at]?.name} ${share(weights[at]!)}`)
    .join(', ');

function Numbers({ look, unit }: { look: GalleryLook; unit: string }): JSX.Element {
  const few = look.places.length <= FEW;
  const several = look.pictures.length > 1;
  const nameOf = ({ name, picture }: LookedPlace) => (several ? `${name} (picture ${picture + 1})` : name);
  return (
    <details>
      <summary>Numbers</summary>
      <Scroll label="where each word looks">
        <table>
          <thead>
            <tr>
              <th scope="col">from</th>
              <th scope="col">sees of the picture</th>
              {few ? (
                look.places.map((place) => <th scope="col">{nameOf(place)}</th>)
              ) : (
                <th scope="col">strongest {unit}</th>
              )}
            </tr>
          </thead>
          <tbody>
            {look.from.map(({ text, share: seen, weights }) => (
              <tr>
                <th scope="row">{text}</th>
                <td>{share(seen)}</td>
                {few ? (
                  weights.map((weight) => <td>{share(weight)}</td>)
                ) : (
                  <td class="text">{strongestText(look, weights)}</td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

/** A picture with what a word sees of it; another word can be chosen. @param id unique on the page */
export function Look({
  look,
  pictures,
  id,
}: {
  readonly look: GalleryLook;
  readonly pictures: Gallery['pictures'];
  readonly id: string;
}): JSX.Element {
  const unit = look.places.length <= FEW ? 'regions' : 'patches';
  return (
    <details class="look">
      <summary>Where it looks{look.title !== undefined && `: ${look.title}`}</summary>
      <div class="pictures">
        {look.pictures.map((at, nth) => {
          const picture = pictures[at]!;
          const label = `what the chosen word sees of the picture${look.pictures.length > 1 ? ` ${nth + 1}` : ''}; the numbers are in the table below`;
          return (
            <Drawing picture={picture} at={at} label={label}>
              {look.from.map(({ weights }, word) => (
                <g class={`heat heat-${word}${word === 0 ? ' first' : ''}`}>
                  <Heat
                    parts={partsOf(look, weights, nth)}
                    most={largest(
                      weights.filter((_, place) => look.places[place]?.part),
                      1e-9,
                    )}
                    size={picture}
                  />
                </g>
              ))}
            </Drawing>
          );
        })}
      </div>
      <fieldset class="words">
        <legend>Looking from</legend>
        {look.from.map(({ text }, word) => (
          <label>
            <input type="radio" name={id} value={word} checked={word === 0} />
            <span>{text}</span>
          </label>
        ))}
      </fieldset>
      <p class="note">
        Attention of layer {look.layer}, mean over the heads, adapters included; shares among the {unit} of
        the picture.
      </p>
      <Numbers look={look} unit={unit} />
    </details>
  );
}
