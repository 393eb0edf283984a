import { existsSync, readFileSync } from 'node:fs';
import type { Example } from '../../tasks/example.js';
import type { Look } from '../../tasks/shown.js';
import type { Prediction } from '../../tasks/task.js';
import type { RunFolder } from '../checkpoints/runFiles.js';
import { attentionOf } from '../model/attention.js';
import type { Model } from '../model/model.js';
import type { Prepared } from '../prepare/prepare.js';
import { chooseExamples } from '../recording/chooseExamples.js';
import { type DataFacts, factsOf } from '../recording/dataFacts.js';
import { makeGallery } from '../recording/makeGallery.js';
import { type PredictedSplit, talliesOf, writeCompactJson } from '../recording/outcomes.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { writeOutcomes } from '../training/recorder.js';
import { moduleTable } from './moduleTable.js';

/** What a run that has ended is recorded from. */
export interface Ended {
  readonly model: Model;
  readonly prepared: Prepared;
  readonly folder: RunFolder;
  /** Updates of the weights that the model has. */
  readonly step: number;
  /** Of the splits that were evaluated after the training. */
  readonly predictions: { readonly [split in 'validation' | 'test']?: readonly Prediction[] };
  /** Stops with InterruptedError: a run that goes on records anew. */
  readonly signal?: AbortSignal | undefined;
}

const readPredictions = (path: string): readonly Prediction[] | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Prediction[]) : undefined;

/** The predictions of a split that are known: those of after the training, or those that the best evaluation left. */
function predicted(
  { prepared, folder, predictions, step }: Ended,
  split: 'validation' | 'test',
): PredictedSplit | undefined {
  const { task, options } = prepared.task;
  const examples = prepared.splits[split];
  const kept =
    predictions[split] ?? (split === 'test' ? undefined : readPredictions(folder.validationPredictions));
  return examples && kept && { split, step, task, options, examples, predictions: kept };
}

async function dataFacts({ task, splits }: Prepared): Promise<DataFacts> {
  const facts: Record<string, DataFacts[keyof DataFacts]> = {};
  for (const [split, examples] of Object.entries(splits) as [string, readonly Example[]][])
    facts[split] = await factsOf(task.task, examples);
  return facts;
}

/**
 * Keeps in the run folder what its report is made of and only the model and the data know: outcomes of the test set, a
 * gallery with attention, facts about the data, the sizes of the modules.
 */
export async function recordRun(ended: Ended): Promise<void> {
  const { model, prepared, folder } = ended;
  const files = recordedFiles(folder.recorded);
  writeCompactJson(files.modules, { modules: moduleTable(model) });
  writeCompactJson(files.data, await dataFacts(prepared));
  for (const split of ['validation', 'test'] as const) {
    const known = ended.predictions[split] && predicted(ended, split);
    if (known) writeOutcomes(files.outcomes[split], known);
  }
  const shown = predicted(ended, prepared.splits.test ? 'test' : 'validation');
  if (!shown) return;
  const tallies = talliesOf(shown);
  const chosen = chooseExamples(shown.examples, tallies);
  const look = (looks: readonly Look[]) =>
    attentionOf(model, prepared.processor, looks, () =>
      stopIfAsked(ended.signal, 'while the report was prepared; the training is done'),
    );
  const gallery = await makeGallery(shown, chosen, tallies, look);
  if (gallery) writeCompactJson(files.gallery, gallery);
}
