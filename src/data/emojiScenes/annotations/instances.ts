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

/** What a COCO instances file says of pictures with these ids and file names. */
function contentOf(set: SceneSet, pictures: readonly Scene[]) {
  const objects = pictures.flatMap((scene) => scene.objects.map((object) => ({ scene, object })));
  return {
    info: infoOf(set),
    licenses,
    images: pictures.map(imageEntry),
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
}

/** The instances of scenes under other file names; they are numbered from 1. */
export const instancesOf = (
  set: SceneSet,
  pictures: readonly { readonly scene: Scene; readonly fileName: string }[],
) =>
  contentOf(
    set,
    pictures.map(({ scene, fileName }, i) => ({ ...scene, id: i + 1, fileName })),
  );

function annotate(set: SceneSet) {
  const content = contentOf(set, set.scenes);
  return [{ name: `instances_${set.split}.json`, content: JSON.stringify(content) }];
}

/** Boxes and categories, as COCO writes object instances. */
export const instances: AnnotationKind = {
  kind: 'instances',
  annotate,
};
