import type { AnnotationFile, AnnotationKind, SceneSet } from './annotationKind.js';
import { captionsOf } from './captions.js';

/** Captions are numbered from the picture's number times this, so that no number is in two splits. */
const idsAPicture = 10;

function annotate(set: SceneSet): AnnotationFile[] {
  const images = set.scenes.map((scene) => {
    const sentences = captionsOf(scene, set.seed).map((raw, i) => ({
      tokens: raw.toLowerCase().match(/[a-z]+/g) ?? [],
      raw,
      imgid: scene.id,
      sentid: scene.id * idsAPicture + i,
    }));
    return {
      sentids: sentences.map(({ sentid }) => sentid),
      imgid: scene.id,
      sentences,
      split: set.split,
      filename: scene.fileName,
    };
  });
  const content = JSON.stringify({ images, dataset: 'emoji-scenes' });
  return [{ name: `karpathy_${set.split}.json`, content }];
}

/** The captions in the format of Karpathy's splits, by which retrieval is measured. */
export const karpathy: AnnotationKind = { kind: 'karpathy', annotate };
