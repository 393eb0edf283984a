import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../../src/base/errors.js';
import { makeEmojiScenes } from '../../src/data/emojiScenes/makeEmojiScenes.js';
import type { RunPlan } from '../../src/plan/runPlan.js';
import type { Question, Reply } from '../../src/wizard/question.js';
import { type Asker, replyByDefault } from '../../src/wizard/wizard.js';
import type { Services } from '../../src/wizard/world.js';
import { writeTinyBackbone } from '../cli/tinyRecipe.js';

/** A folder with a tiny backbone in `model` and, unless told otherwise, sample data; it becomes the working directory. */
export async function enterWorkFolder(pictures = 40): Promise<{ readonly folder: string; leave(): void }> {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-wizard-'));
  if (pictures > 0)
    await makeEmojiScenes({ folder: join(folder, 'data/emoji-scenes'), count: pictures, size: 64 });
  writeTinyBackbone(folder);
  process.chdir(folder);
  return {
    folder,
    leave: () => {
      process.chdir(before);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A plan of which only the step's time is read. */
export const planOf = (secondsPerStep: number): RunPlan =>
  ({ name: 'planned', seconds: { step: secondsPerStep } }) as RunPlan;

/** Services that measure nothing; `changes` take the place of some. */
export const standIns = (changes: Partial<Services> = {}): Services => ({
  wait: (_title, work) => work(),
  makeData: async () => {},
  estimateAdapters: async () => [],
  planRun: async () => planOf(0.5),
  formatPlan: ({ name }) => `the plan of ${name}`,
  ...changes,
});

type Script = Readonly<Partial<Record<Question['step'], readonly Reply[]>>>;

/** A person who says what the script has for a step, one after the other, and else takes what is proposed. */
export function scripted(script: Script = {}) {
  const asked: Question[] = [];
  const refusals: string[] = [];
  const used = new Map<string, number>();
  const asker: Asker = {
    async ask(question, problems) {
      asked.push(question);
      refusals.push(...problems.map(({ message }) => message));
      const at = used.get(question.step) ?? 0;
      used.set(question.step, at + 1);
      const reply = script[question.step]?.[at] ?? replyByDefault(question);
      if (!reply) throw new Error(`nothing is proposed for ${question.step}`);
      if (asked.length > 100) throw new InterruptedError('this never ends');
      return reply;
    },
  };
  return { asker, asked, refusals, steps: () => asked.map(({ step }) => step) };
}
