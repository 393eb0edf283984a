import type { StepName } from '../question.js';
import type { Step } from '../step.js';
import { adaptersStep } from './adapters.js';
import { backboneStep } from './backbone.js';
import { budgetStep } from './budget.js';
import { dataStep } from './data.js';
import { filesStep } from './files.js';
import { finishStep } from './finish.js';
import { namesStep } from './names.js';
import { optionsStep } from './options.js';
import { regionsStep } from './regions.js';
import { taskStep } from './task.js';

/** Every step, in the order in which they are asked. */
export const steps: readonly Step[] = [
  backboneStep,
  taskStep,
  dataStep,
  filesStep,
  regionsStep,
  adaptersStep,
  optionsStep,
  budgetStep,
  namesStep,
  finishStep,
];

/** Which step to go back to, asked only from the last one. */
export const jumpStep: Step = {
  name: 'jump',
  keys: [],
  ask: async (answers) => ({
    kind: 'one',
    step: 'jump',
    title: 'go back to',
    choices: steps.slice(0, -1).map(({ name, keys }) => {
      const told = keys.flatMap((key) => (answers[key] === undefined ? [] : [JSON.stringify(answers[key])]));
      return { value: name, cells: [name, told.join(', ')] };
    }),
    byDefault: 'backbone',
  }),
  take: async (answers) => answers,
};

/** `3/10`: which step it is; undefined for what is no step on the way. */
export function stepNumber(name: StepName): string | undefined {
  const at = steps.findIndex((step) => step.name === name);
  return at === -1 ? undefined : `${at + 1}/${steps.length}`;
}
