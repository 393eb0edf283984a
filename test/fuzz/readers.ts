import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { adapters } from '../../adapters/index.js';
import { UsageError } from '../../src/base/errors.js';
import { inWords, type Json } from '../../src/base/json.js';
import { readAdapterConfig } from '../../src/checkpoints/adapterFolder.js';
import { checksumOf } from '../../src/checkpoints/checksums.js';
import { readMarker } from '../../src/checkpoints/folderMarker.js';
import { readForeignAdapterFolder } from '../../src/checkpoints/foreignAdapterFolder.js';
import { readJsonObject } from '../../src/checkpoints/jsonFile.js';
import { readNpy, readNpz } from '../../src/checkpoints/numpy.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { inputLines } from '../../src/cli/predictInputs.js';
import { decodeImage } from '../../src/data/images.js';
import { folderPictures } from '../../src/data/pictureFiles.js';
import { recognise } from '../../src/data/pictureFormat.js';
import { readPictureSettings } from '../../src/data/pictureSettings.js';
import { openLmdbStore } from '../../src/data/regions/stores/lmdbStore.js';
import { loadTokenizer } from '../../src/data/tokenizer.js';
import { shippedModules } from '../../src/modules/shippedModules.js';
import { readInputRecord } from '../../src/prepare/inputs/inputRecord.js';
import { applyOverrides } from '../../src/recipe/override.js';
import { parseRecipe } from '../../src/recipe/source.js';
import { writeReport } from '../../src/report/writeReport.js';
import { readCheckpoint, readState } from '../../src/training/checkpoint.js';
import { initialState } from '../../src/training/trainState.js';
import { readCocoCaptions } from '../../tasks/readers/cocoCaptions.js';
import { collectCocoInstances } from '../../tasks/readers/cocoInstances.js';
import { readDetections } from '../../tasks/readers/detections.js';
import { readFlickr30kEntities } from '../../tasks/readers/flickr30kEntities.js';
import { readKarpathy } from '../../tasks/readers/karpathy.js';
import { readNlvr2 } from '../../tasks/readers/nlvr2.js';
import { readRefCoco } from '../../tasks/readers/refCoco.js';
import { readVcr } from '../../tasks/readers/vcr.js';
import { readVqaV2 } from '../../tasks/readers/vqaV2.js';
import { readAnswers, readShape, resolveRecipe } from '../shipped.js';
import { bitmaps, portables } from './pictures.js';
import type { FuzzReader, Seed } from './reader.js';
import { listsSeed, tokenizerSeed, tokenizers } from './tokenizers.js';

const test = (...parts: readonly string[]) => join(process.cwd(), 'test', ...parts);

/** Every file below a folder by its path in it. */
function filesBelow(folder: string): Record<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [file.slice(folder.length + 1), readFileSync(file)]));
}

/** The files of a folder of fixtures, of which those that match are changed. */
function seedOf(folder: string, changed: RegExp): Seed {
  const files = filesBelow(test(folder));
  return { files, changed: Object.keys(files).filter((name) => changed.test(name)) };
}

/** One file by itself. */
const alone = (name: string, content: unknown): Seed => ({
  files: {
    [name]: Buffer.isBuffer(content)
      ? content
      : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
  },
  changed: [name],
});

const readers = 'tasks/readers/fixtures';

/** Throws what a reader gathers. */
const refuse = (problems: ConstructorParameters<typeof UsageError>[0] & { length: number }) => {
  if (problems.length > 0) throw new UsageError(problems);
};

/** Boxes for every picture of the fixtures. */
const karpathyInstances = {
  images: [
    { id: 42, file_name: 'COCO_val2014_000000000042.png', width: 40, height: 30 },
    { id: 7, file_name: '1000092795.png', width: 40, height: 30 },
  ],
  annotations: [
    { id: 1, image_id: 42, category_id: 1, bbox: [1, 2, 10, 10] },
    { id: 2, image_id: 7, category_id: 1, bbox: [1, 2, 10.5, 10] },
  ],
  categories: [{ id: 1, name: 'dog' }],
};

const karpathyFiles = seedOf(`${readers}/karpathy`, /^(dataset|instances)\.json$/);
const karpathy: Seed = {
  ...karpathyFiles,
  files: { ...karpathyFiles.files, 'instances.json': Buffer.from(JSON.stringify(karpathyInstances)) },
};

const datasets: readonly FuzzReader[] = [
  {
    name: 'vqa',
    seeds: [seedOf(`${readers}/vqa_v2`, /train2014_(annotations|questions)\.json$/)],
    read: (folder) =>
      readVqaV2({
        questions: join(folder, 'v2_OpenEnded_mscoco_train2014_questions.json'),
        annotations: join(folder, 'v2_mscoco_train2014_annotations.json'),
        images: join(folder, 'train2014'),
      }),
  },
  {
    name: 'karpathy',
    seeds: [karpathy],
    read: (folder) =>
      readKarpathy({
        annotations: join(folder, 'dataset.json'),
        images: join(folder, 'images'),
        instances: join(folder, 'instances.json'),
        split: 'train',
        restval: true,
      }),
  },
  {
    name: 'refcoco',
    seeds: [seedOf(`${readers}/refcoco`, /^(refs|instances|detections)\.json$/)],
    read: (folder) =>
      readRefCoco({
        refs: join(folder, 'refs.json'),
        instances: join(folder, 'instances.json'),
        images: join(folder, 'images'),
        detections: { file: join(folder, 'detections.json') },
      }),
  },
  {
    name: 'vcr',
    seeds: [seedOf(`${readers}/vcr`, /^val\.jsonl$|(?<!torn)\.json$/)],
    read: (folder) => readVcr({ annotations: join(folder, 'val.jsonl'), images: join(folder, 'vcr1images') }),
  },
  {
    name: 'nlvr2',
    seeds: [seedOf(`${readers}/nlvr2`, /^data\/(dev|instances_dev)\.json$/)],
    read: (folder) =>
      readNlvr2({
        annotations: join(folder, 'data/dev.json'),
        images: join(folder, 'images/dev'),
        instances: join(folder, 'data/instances_dev.json'),
      }),
  },
  {
    name: 'flickr30k',
    seeds: [seedOf(`${readers}/flickr30k_entities`, /^train\.txt$|\/100000000[123]\.(txt|xml)$/)],
    read: (folder) =>
      readFlickr30kEntities({
        ids: join(folder, 'train.txt'),
        annotations: folder,
        images: join(folder, 'flickr30k-images'),
      }),
  },
  {
    name: 'coco-captions',
    seeds: [
      alone('captions.json', {
        images: [
          { id: 1, file_name: '1.png', width: 30, height: 20 },
          { id: 2, file_name: '2.png', width: 30, height: 20 },
        ],
        annotations: [
          { id: 7, image_id: 1, caption: 'a cat on a mat' },
          { id: 8, image_id: 2, caption: 'two dogs' },
        ],
      }),
    ],
    read: (folder) =>
      readCocoCaptions({ captions: join(folder, 'captions.json'), images: folder, checkImages: false }),
  },
  {
    name: 'coco-instances',
    seeds: [
      seedOf(`${readers}/refcoco`, /^instances\.json$/),
      seedOf(`${readers}/karpathy`, /^instances\.json$/),
    ],
    read: (folder) => {
      const problems: never[] = [];
      collectCocoInstances(join(folder, 'instances.json'), problems);
      refuse(problems);
    },
  },
  {
    name: 'detections',
    seeds: [seedOf(`${readers}/refcoco`, /^detections\.json$/)],
    read: (folder) => {
      const problems: never[] = [];
      const sizes = new Map(Array.from({ length: 9 }, (_, id) => [String(id), { width: 64, height: 48 }]));
      readDetections({ file: join(folder, 'detections.json') }, sizes, problems);
      refuse(problems);
    },
  },
];

const shipped = readdirSync('recipes').filter((name) => name.endsWith('.json') && name !== 'schema.json');

const answers = {
  task: 'vqa',
  data: 'data',
  adapters: ['bottleneck', 'lora'],
  options: { lora: { rank: 4 } },
  budget: { epochs: 2, batchSize: 8 },
  output: 'runs/x',
};

/** Settings as pairs, so that their values are changed by their structure. */
const settings = [
  [
    ['training.epochs', 3],
    ['adapters[0].reductionFactor', 8],
    ['seed', 5],
  ],
  [
    ['adapters', [{ kind: 'lora', rank: 4 }]],
    ['training.optimizer.kind', 'sgd'],
    ['training.maxSteps', 2],
  ],
  [
    ['data.regions', { kind: 'crop-pixels', size: 16 }],
    ['backbone.create', { model_type: 'visual_bert', hidden_size: 24, visual_embedding_dim: 768 }],
  ],
].map((pairs) => alone('settings.json', pairs));

/** A setting as it is typed; of bytes that are no pairs any more, each line. */
function settingsIn(text: string): string[] {
  try {
    const pairs = JSON.parse(text) as readonly (readonly [unknown, unknown])[];
    return pairs.map(([key, value]) => `${inWords(key)}=${inWords(value)}`);
  } catch {
    return text.split('\n');
  }
}

const baseRecipe = () => readFileSync(join('recipes', shipped[0]!), 'utf8');

const words: readonly FuzzReader[] = [
  {
    name: 'recipe',
    seeds: shipped.map((name) => alone('recipe.json', readFileSync(join('recipes', name)))),
    read: (folder) => {
      const file = join(folder, 'recipe.json');
      const { input, source } = parseRecipe(readFileSync(file, 'utf8'), file);
      return resolveRecipe(input, { source, files: false });
    },
  },
  {
    name: 'set',
    seeds: settings,
    read: (folder) => {
      const lines = settingsIn(readFileSync(join(folder, 'settings.json'), 'utf8'));
      const { input, source } = applyOverrides(parseRecipe(baseRecipe(), 'recipe.json'), lines);
      return resolveRecipe(input, { source, files: false });
    },
  },
  {
    name: 'answers',
    seeds: [alone('answers.json', answers)],
    read: (folder) => readAnswers(join(folder, 'answers.json'), []),
  },
  {
    name: 'predict',
    seeds: [
      alone(
        'inputs.jsonl',
        '{"text": "What is it?", "picture": "a.png", "boxes": [[0, 0, 5, 5]], "id": 7}\n' +
          '{"text": "both are red", "pictures": ["a.png", "b.png"], "choices": ["yes", "no"], "task": "vqa"}\n',
      ),
    ],
    read: async (folder) => {
      for await (const { problems } of inputLines(join(folder, 'inputs.jsonl'))) refuse(problems as never);
    },
  },
];

const configs = ['BertModel', 'CLIPModel', 'ChineseCLIPModel', 'ViltModel', 'VisualBertModel'];
const foreign = readdirSync(test('parity/adapters')).filter((name) => /^(peft|hub(?!_clip))_/.test(name));

const bert = () => readShape(test('parity/BertModel')).shape;

function readForeign(folder: string): void {
  const { library, config, tensors } = readForeignAdapterFolder(folder);
  const given = { config: config as Readonly<Record<string, Json>>, tensors };
  for (const { formats = [] } of adapters)
    for (const format of formats)
      if (format.library === library && format.accepts(given.config)) format.read(given, bert());
}

function readTokenizer(folder: string): void {
  const tokenizer = loadTokenizer(folder);
  const { ids } = tokenizer.encode('Two dogs, 犬 and a café!', 'yes', { maxLength: 12 });
  tokenizer.decode(ids);
}

const processorConfig = (kind: string): Seed => {
  const config = readFileSync(test('parity/images', kind, 'preprocessor_config.json'));
  const text = JSON.stringify({ image_processor: JSON.parse(String(config)), processor_class: 'X' });
  const files = { 'processor_config.json': Buffer.from(text), 'preprocessor_config.json': config };
  return { files, changed: ['processor_config.json'] };
};

const models: readonly FuzzReader[] = [
  {
    name: 'config',
    seeds: configs
      .map((name) => seedOf(`parity/${name}`, /^config\.json$/))
      .map(({ files }) => alone('config.json', files['config.json'])),
    read: (folder) => readShape(folder),
  },
  {
    name: 'foreign-adapter',
    seeds: foreign.map((name) => seedOf(`parity/adapters/${name}`, /^adapter_config\.json$/)),
    read: readForeign,
  },
  {
    name: 'adapter',
    seeds: [
      alone('adapter_config.json', {
        formatVersion: 1,
        backbone: { name: 'tiny', hash: 'a'.repeat(64) },
        adapters: [{ kind: 'lora', rank: 4 }],
        task: { kind: 'vqa' },
        taskState: { answers: ['yes', 'no'] },
        preprocessing: {},
      }),
    ],
    read: readAdapterConfig,
  },
  {
    name: 'preprocessor',
    seeds: ['clip', 'vilt']
      .flatMap((kind) => {
        const files = filesBelow(test('parity/images', kind));
        return files['preprocessor_config.json']
          ? [alone('config.json', files['preprocessor_config.json'])]
          : [];
      })
      .concat(
        alone('config.json', {
          image_processor_type: 'CLIPImageProcessor',
          do_resize: true,
          size: { shortest_edge: 32 },
          resample: 3,
          do_center_crop: true,
          crop_size: { height: 32, width: 32 },
          do_rescale: true,
          rescale_factor: 1 / 255,
          do_normalize: true,
          image_mean: [0.5, 0.5, 0.5],
          image_std: [0.5, 0.5, 0.5],
        }),
      ),
    read: (folder) => readPictureSettings(readJsonObject(join(folder, 'config.json')) as never, 'clip'),
  },
  {
    name: 'processor-config',
    seeds: ['clip', 'vilt'].map(processorConfig),
    read: (folder) => folderPictures(folder, { kind: 'clip', config: {}, told: 'usual' }),
  },
  {
    name: 'tokenizer-config',
    seeds: tokenizers.map((name) => tokenizerSeed(name, ['tokenizer_config.json'])),
    read: readTokenizer,
  },
  { name: 'tokenizer-lists', seeds: ['bert_wordpiece', 'roberta_bpe'].map(listsSeed), read: readTokenizer },
  {
    name: 'tokenizer',
    seeds: tokenizers.map((name) => tokenizerSeed(name, ['tokenizer.json', 'tokenizer_config.json'])),
    read: readTokenizer,
  },
];

const arrays = (pattern: RegExp, name: string): Seed[] => {
  const files = filesBelow(test('checkpoints/fixtures'));
  return Object.keys(files)
    .filter((file) => pattern.test(file))
    .map((file) => alone(name, files[file]));
};

const stores: readonly FuzzReader[] = [
  {
    name: 'safetensors',
    seeds: arrays(/\.safetensors$/, 'a.safetensors'),
    read: (folder) => {
      for (const tensor of readSafetensors(join(folder, 'a.safetensors')).values()) void tensor.data;
    },
  },
  { name: 'npy', seeds: arrays(/\.npy$/, 'a.npy'), read: (folder) => readNpy(join(folder, 'a.npy')).data },
  { name: 'npz', seeds: arrays(/\.npz$/, 'a.npz'), read: (folder) => readNpz(join(folder, 'a.npz')) },
  {
    name: 'lmdb',
    seeds: [alone('a.mdb', gunzipSync(readFileSync(test('data/lmdb/python.lmdb.gz'))))],
    read: async (folder) => {
      const store = await openLmdbStore(join(folder, 'a.mdb'));
      try {
        for (const id of [0, 7, 31, 59]) await store.read(`picture/${id}`);
      } finally {
        await store.close();
      }
    },
  },
];

/** Pictures in the formats that the library decodes, with transparency where they have it. */
async function encoded(): Promise<Seed[]> {
  const raw = { width: 9, height: 7, channels: 4 } as const;
  const pixels = Uint8Array.from({ length: 9 * 7 * 4 }, (_, n) => (n * 37) % 256);
  const picture = () => sharp(pixels, { raw });
  const made = [picture().gif(), picture().webp(), picture().tiff(), picture().jpeg(), picture().png()];
  const all = [...made, picture().tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 })];
  return Promise.all(all.map(async (one) => alone('picture', await one.toBuffer())));
}

const pictures: readonly FuzzReader[] = [
  {
    name: 'plain-picture',
    seeds: [...bitmaps, ...portables].map((bytes) => alone('picture', bytes)),
    read: async (folder) => {
      const file = join(folder, 'picture');
      const found = recognise(readFileSync(file));
      if ('format' in found && ['bmp', 'pnm'].includes(found.format)) await decodeImage(file);
    },
  },
  {
    name: 'picture',
    seeds: await encoded(),
    read: (folder) => decodeImage(join(folder, 'picture')),
  },
];

const state = {
  ...initialState,
  step: 3,
  epoch: 1,
  stepInEpoch: 1,
  groupSteps: { vqa: 2 },
  best: { step: 2, value: 0.5 },
  bestMetrics: { values: { accuracy: 0.5 }, loss: 1.5, groups: {}, notes: [] },
  bestFiles: { 'report/gallery.json': 'a'.repeat(64) },
  metricsBytes: 3,
};

/** A checkpoint of three steps; its checksums are those of its files. */
function checkpointSeed(changed: string): Seed {
  const tensors = readFileSync(test('checkpoints/fixtures/expected.safetensors'));
  const files: Record<string, Buffer> = {
    'state.json': Buffer.from(JSON.stringify(state)),
    'parameters.safetensors': tensors,
    'optimizer.safetensors': tensors,
    'metrics.jsonl': Buffer.from('{}\n'),
    'timings.jsonl': Buffer.from('{}\n'),
  };
  const sums = Object.entries(files).map(([name, bytes]) => [name, checksumOf(bytes)]);
  const all = {
    ...files,
    'checksums.json': Buffer.from(JSON.stringify({ files: Object.fromEntries(sums) })),
  };
  const placed = Object.entries(all).map(([name, bytes]) => [`step-000003/${name}`, bytes]);
  return { files: Object.fromEntries(placed) as Record<string, Buffer>, changed: [`step-000003/${changed}`] };
}

const marker = { formatVersion: 1, kind: 'run', finished: true, files: ['summary.json', 'report/data.json'] };

const inputLinesSeed =
  '{"formatVersion":1,"files":2}\n' +
  '{"key":"data.train.annotations","name":"","bytes":12,"modified":1700000000000.5,"hash":"ab"}\n' +
  '{"key":"data.images","name":"a.png"}\n';

/** The files of a run of which some are changed, and those that a report does not need are left out. */
function reportSeed(changed: RegExp, left: readonly string[]): Seed {
  const { files, changed: names } = seedOf('fuzz/seeds/run', changed);
  const kept = Object.entries(files).filter(([name]) => !left.includes(name));
  return { files: Object.fromEntries(kept), changed: names };
}

const runs: readonly FuzzReader[] = [
  { name: 'state', seeds: [checkpointSeed('state.json')], read: (folder) => readState(folder, 3) },
  {
    name: 'checksums',
    seeds: [checkpointSeed('checksums.json')],
    read: (folder) => readCheckpoint(folder, 3),
  },
  { name: 'marker', seeds: [alone('.vlgraft.json', marker)], read: readMarker },
  {
    name: 'inputs',
    seeds: [alone('inputs.jsonl', inputLinesSeed)],
    read: (folder) => readInputRecord(join(folder, 'inputs.jsonl')),
  },
  {
    name: 'report',
    // Curves take long to draw, so that few changes are read with them, and only to what they show.
    seeds: [
      ...Array.from({ length: 16 }, () => reportSeed(/\.json$/, ['metrics.jsonl'])),
      reportSeed(/\.jsonl$/, ['report/gallery.json', 'report/data.json', 'report/modules.json']),
    ],
    read: (folder) => writeReport(folder, { modules: shippedModules }),
  },
];

/** Every reader of files that come from outside. */
export const fuzzReaders: readonly FuzzReader[] = [
  ...words,
  ...datasets,
  ...models,
  ...runs,
  ...stores,
  ...pictures,
];
