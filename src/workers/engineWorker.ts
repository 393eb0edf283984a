// The checks that may end a process, in one of their own: started by plan/doctor/doctor.ts, told the recipe, tells each finding.
import { loadModules } from '../modules/loadFiles.js';
import { fail, messageOf } from '../plan/doctor/check.js';
import type { EngineTrial } from '../plan/doctor/doctor.js';
import { engineChecks } from '../plan/doctor/engineChecks.js';

process.once('message', async ({ settings, use }: EngineTrial) => {
  try {
    await engineChecks(settings, await loadModules(use), (check) => process.send?.(check));
  } catch (error) {
    process.send?.(fail('recipe', messageOf(error), 'vlgraft plan with the same recipe tells more'));
  } finally {
    process.disconnect?.();
  }
});
