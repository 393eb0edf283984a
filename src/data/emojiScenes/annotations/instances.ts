import { artists } from '../artists.js';
import type { Scene } from '../scene.js';
import { nouns } from '../vocabulary.js';
import { type AnnotationKind, infoOf, type SceneSet } from './annotationKind.js';

const categoryIds = new Map(nouns.map(({ name }, i) => [name, i + 1]));

/** COCO's `licenses`: one entry an artist. */
export const licenses = artists.map(({ license, licenseUrl }, i) => ({
  id: i + 1,
  name: license,
  url: licenseUrl,
}));

/** COCO's `images` entry of a scene, with what is particular to these pictures beside it. */
export const imageEntry = (scene: Scene) => ({
  id: scene.id,
  file_name: scene.fileName,
  width: scene.pixels,
  height: scene.pixels,
  license: artists.findIndex(({ name }) => name === scene.artist) + 1,
  artist: scene.artist,
  unseen_pair: scene.unseenPair,
});

function annotate(set: SceneSet) {
  const objects = set.scenes.flatMap((scene) => scene.objects.map((object) => ({ scene, object })));
  const content = {
    info: infoOf(set),
    licenses,
    images: set.scenes.map(imageEntry),
    annotations: objects.map(({ scene, object }, i) => ({
      id: i + 1,
      image_id: scene.id,
      category_id: categoryIds.get(object.noun),
      bbox: object.box,
      area: object.area,
      iscrowd: 0,
    })),
    categories: nouns.map(({ name, category }, i) => ({ id: i + 1, name, supercategory: category })),
  };
  return [{ name: `instances_${set.split}.json`, content: JSON.stringify(content) }];
}

/** Boxes and categories, as COCO writes object instances. */
export const instances: AnnotationKind = {
  kind: 'instances',
  annotate,
};
