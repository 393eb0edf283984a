import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';

/** Files of the pictures that examples show, each once. */
export const uniquePictures = (task: AnyTask, examples: Iterable<Example>): Set<string> => {
  const paths = new Set<string>();
  for (const example of examples) for (const { path } of task.pictures(example)) paths.add(path);
  return paths;
};
