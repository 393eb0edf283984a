import type { Scene, SceneObject } from '../scene.js';

/** A direction in the picture, as words between two noun phrases. */
export const directions = ['to the left of', 'to the right of', 'above', 'below'] as const;
type Direction = (typeof directions)[number];

/** The other way round. */
export const oppositeOf: Readonly<Record<Direction, Direction>> = {
  'to the left of': 'to the right of',
  'to the right of': 'to the left of',
  above: 'below',
  below: 'above',
};

/** Share of the picture's side by which middles must differ for a direction to hold. */
const clear = 0.12;

/** The middle of an object's box in pixels. */
export function middleOf({ box: [x, y, width, height] }: SceneObject): readonly [x: number, y: number] {
  return [x + width / 2, y + height / 2];
}

/** Whether `object` clearly lies that way from `anchor`. */
export function lies(
  object: SceneObject,
  direction: Direction,
  anchor: SceneObject,
  pixels: number,
): boolean {
  const [x, y] = middleOf(object);
  const [anchorX, anchorY] = middleOf(anchor);
  const way = {
    'to the left of': anchorX - x,
    'to the right of': x - anchorX,
    above: anchorY - y,
    below: y - anchorY,
  };
  return way[direction] >= clear * pixels;
}

/** A true statement about two objects whose nouns the scene shows only once. */
interface Relation {
  readonly subject: SceneObject;
  readonly direction: Direction;
  readonly anchor: SceneObject;
}

/** The objects whose noun appears once: `the dog` means one thing only. */
export function singles({ objects }: Scene): SceneObject[] {
  return objects.filter(({ noun }) => objects.filter((other) => other.noun === noun).length === 1);
}

/** Every true relation between single objects. */
export function relationsOf(scene: Scene): Relation[] {
  const things = singles(scene);
  return things.flatMap((subject) =>
    things.flatMap((anchor) =>
      directions
        .filter((direction) => lies(subject, direction, anchor, scene.pixels))
        .map((direction) => ({ subject, direction, anchor })),
    ),
  );
}
