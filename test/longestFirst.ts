import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/**
 * Files that take longest, the longest first: where they came last, one worker would be busy with them and the others
 * idle. Those that wait for something are before those that compute.
 */
const LONGEST = [
  'cli/wizardTerminal',
  'packaging/tarball',
  'cli/compare',
  'cli/run',
  'reliability/disks',
  'reliability/kills',
  'cli/outputs',
  'cli/doctor',
  'cli/stops',
  'matrix',
  'modelTypes',
  'adapters/bottleneck',
  'adapters/ladder',
  'adapters/prefix',
  'tasks/retrieval',
  'training/trainer',
  'wizard/wizard',
  'adapters/prompt',
  'cache/cache',
];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return place < 0 ? LONGEST.length : place;
};

/** As vitest, which goes by how long files took on this machine, but in a fresh clone too with the longest first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) =>
      sorted.filter((one) => one.project === project).sort((a, b) => placeOf(a) - placeOf(b)),
    );
  }
}
