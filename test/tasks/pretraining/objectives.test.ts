import { describe, expect, it } from 'vitest';
import { objectives } from '../../../tasks/pretraining/objectives/index.js';
import { describeObjective } from './objectiveConformance.js';

/** Options that make a small case of an objective. */
const small: Readonly<Record<string, readonly object[]>> = {
  pwcl: [{ projection: 8 }],
  contrastive: [{ projection: 8 }],
  'momentum-contrast': [{ projection: 8, queue: 12 }],
  regions: [{}, { labels: 'classes' }],
};

for (const objective of objectives)
  for (const options of small[objective.kind] ?? [{}])
    describeObjective({ objective, options: { ...options } });

describe('the list of objectives', () => {
  it('has each kind once, and none that hides another by a dot', () => {
    const kinds = objectives.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const kind of kinds) expect(kind).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});
