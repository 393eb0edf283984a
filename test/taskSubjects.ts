import { join } from 'node:path';

type Files = Readonly<Record<string, string>>;
/** Options of a task and its files of a split of emoji-scenes. */
export interface Subject {
  readonly options?: Readonly<Record<string, string | object>>;
  files(split: string): Files;
}

/** The first examples alone, so that few shapes of batches are traced; captions of pretraining are all read. */
export const few = (kind: string, limit: number): { readonly limit?: number } =>
  kind === 'pretrain' ? {} : { limit };

/** Each task with a folder of emoji-scenes. */
export function subjectsIn(data: string): Readonly<Record<string, Subject>> {
  const at = (name: string) => join(data, name);
  const instances = (split: string) => at(`instances_${split}.json`);
  const images = (split: string) => at(`images/${split}`);
  return {
    vqa: {
      files: (split) => ({
        questions: at(`v2_OpenEnded_mscoco_${split}_questions.json`),
        annotations: at(`v2_mscoco_${split}_annotations.json`),
        images: images(split),
        instances: instances(split),
      }),
    },
    nlvr: {
      files: (split) => ({
        annotations: at(`nlvr2/${split}.json`),
        images: at(`nlvr2/images/${split}`),
        instances: at(`nlvr2/instances_${split}.json`),
      }),
    },
    grounding: {
      files: (split) => ({
        refs: at(`refs_${split}.json`),
        images: images(split),
        instances: instances(split),
      }),
    },
    'phrase-grounding': {
      files: (split) => ({
        ids: at(`flickr30k_entities/${split}.txt`),
        annotations: at('flickr30k_entities'),
        images: images(split),
      }),
    },
    retrieval: {
      files: (split) => ({
        annotations: at(`karpathy_${split}.json`),
        images: images(split),
        instances: instances(split),
      }),
    },
    vcr: {
      files: (split) => ({ annotations: at(`vcr/${split}.jsonl`), images: at('vcr/vcr1images') }),
    },
    pretrain: {
      options: { objectives: { mlm: {}, pwcl: { projection: 8 }, matching: {} } },
      files: (split) => ({
        captions: at(`captions_${split}.json`),
        images: images(split),
        instances: instances(split),
      }),
    },
  };
}
