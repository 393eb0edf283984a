import { sharp } from '../sharp.js';
import type { Icon, Icons } from './artists.js';
import { groundSvg } from './grounds.js';
import { placeBoxes } from './placeBoxes.js';
import type { PlannedObject, ScenePlan } from './planScene.js';
import type { SceneObject } from './scene.js';

/** An object's pixels, cut to the smallest box around what is visible. */
interface Sprite {
  /** RGBA, (height, width, 4). */
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly area: number;
}

/** A picture and where its objects are. */
interface DrawnScene {
  readonly png: Buffer;
  readonly objects: readonly SceneObject[];
}

/** Alpha from which a pixel counts as visible, and as part of the object's area. */
const visible = 32;
const half = 128;
/** View box margin, so that a turned icon keeps its corners. */
const margin = 0.12;

/** Draws a plan at `pixels` a side; `seed` is what decides the places. */
export async function drawScene(
  plan: ScenePlan,
  icons: Icons,
  pixels: number,
  ...seed: readonly (string | number)[]
): Promise<DrawnScene> {
  const sprites: Sprite[] = [];
  for (const object of plan.objects) {
    sprites.push(await drawSprite(icons.icon(plan.artist, object.noun), object, pixels));
  }
  const places = placeBoxes(sprites, pixels, ...seed);
  const objects = plan.objects.map(({ noun, size }, i): SceneObject => {
    const { width, height, area } = sprites[i]!;
    return { noun, size, box: [...places[i]!, width, height], area };
  });
  return { png: await compose(groundSvg(plan.ground, pixels), sprites, objects), objects };
}

async function compose(ground: string, sprites: readonly Sprite[], objects: readonly SceneObject[]) {
  const layers = sprites.map(({ data, width, height }, i) => ({
    input: data,
    raw: { width, height, channels: 4 as const },
    left: objects[i]!.box[0],
    top: objects[i]!.box[1],
  }));
  const picture = sharp(Buffer.from(ground)).composite(layers).removeAlpha();
  return picture.png({ compressionLevel: 6, adaptiveFiltering: false, palette: false }).toBuffer();
}

async function drawSprite(icon: Icon, object: PlannedObject, pixels: number): Promise<Sprite> {
  const svg = Buffer.from(iconSvg(icon, object, pixels));
  const { data, info } = await sharp(svg).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return cut(data, info.width, info.height);
}

/** The icon turned about its middle and mirrored, with a margin around its view box. */
function iconSvg({ body, width, height }: Icon, object: PlannedObject, pixels: number): string {
  const side = Math.round(object.scale * (1 + 2 * margin) * pixels);
  const box = [-margin * width, -margin * height, width * (1 + 2 * margin), height * (1 + 2 * margin)];
  const turn = `rotate(${object.degrees.toFixed(2)} ${width / 2} ${height / 2})`;
  const mirror = object.mirrored ? ` translate(${width} 0) scale(-1 1)` : '';
  const names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  const size = `width="${side}" height="${side}" viewBox="${box.join(' ')}"`;
  return `<svg ${names} ${size}><g transform="${turn}${mirror}">${body}</g></svg>`;
}

/** Cuts an RGBA picture of (height, width, 4) to its visible pixels. */
function cut(data: Buffer, width: number, height: number): Sprite {
  let [left, top, right, bottom, area] = [width, height, -1, -1, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const alpha = data[(y * width + x) * 4 + 3]!;
      if (alpha >= half) area++;
      if (alpha < visible) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  if (right < 0) throw new Error('an icon without a visible pixel');
  const [w, h] = [right - left + 1, bottom - top + 1];
  const row = (y: number) =>
    data.subarray(((top + y) * width + left) * 4, ((top + y) * width + left + w) * 4);
  return { data: Buffer.concat(Array.from({ length: h }, (_, y) => row(y))), width: w, height: h, area };
}
