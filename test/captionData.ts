import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeColourSplit } from './apiData.js';

const words = ['red', 'green', 'blue', 'yellow'];

/** Pictures of one colour with a caption each: a split of the task `pretrain`. */
export async function writeCaptions(folder: string, name: string, count: number) {
  const { images } = await writeColourSplit(folder, name, count);
  const ids = Array.from({ length: count }, (_, id) => id);
  const file = join(folder, `captions_${name}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      images: ids.map((id) => ({ id, file_name: `${id}.png`, width: 8, height: 8 })),
      annotations: ids.map((id) => ({ id, image_id: id, caption: `a ${words[id % 4]} picture.` })),
    }),
  );
  return { captions: file, images };
}
