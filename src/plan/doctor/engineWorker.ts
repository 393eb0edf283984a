// The checks that may end a process, in one of their own: started by doctor.ts, told the recipe, tells each finding.
import type { RunSettings } from '../../training/settings.js';
import { fail, messageOf } from './check.js';
import { engineChecks } from './engineChecks.js';

process.once('message', async (settings: RunSettings) => {
  try {
    await engineChecks(settings, (check) => process.send?.(check));
  } catch (error) {
    process.send?.(fail('recipe', messageOf(error), 'vlgraft plan with the same recipe tells more'));
  } finally {
    process.disconnect?.();
  }
});
