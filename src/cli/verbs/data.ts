import { Argument } from 'commander';
import { longWork } from '../longWork.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples } from '../verb.js';
import { wholeNumber } from '../wholeNumber.js';
import { addCheck } from './dataCheck.js';

interface MakeOptions {
  readonly output: string;
  readonly count?: number;
  readonly size?: number;
  readonly seed?: number;
}

/** Makes the sample data with its progress shown; returns what was made. */
export async function makeData(shell: Shell, { output, ...numbers }: MakeOptions) {
  const { makeEmojiScenes } = await import('../../data/emojiScenes/makeEmojiScenes.js');
  return longWork(shell, (follow) => makeEmojiScenes({ ...numbers, folder: output, ...follow }));
}

async function make(shell: Shell, _name: string, options: MakeOptions): Promise<void> {
  const { folder, ...facts } = await makeData(shell, options);
  shell.result({ folder, ...facts }, folder);
}

/** `vlgraft data make emoji-scenes` and `vlgraft data check RECIPE` */
export const addData: AddVerb = (parent) => {
  const data = parent
    .command('data')
    .summary('make sample data, check data')
    .description('Sample data for first runs, and checks of your own.')
    .addHelpText('after', examples('vlgraft data make emoji-scenes', 'vlgraft data check vqa-bottleneck'));
  data
    .command('make')
    .summary('draw sample data')
    .description(
      'Draws scenes of emojis by three artists, with boxes, captions and questions in the formats of COCO and VQA v2. ' +
        'Test pictures are by an artist that training never sees. The same seed gives the same bytes.',
    )
    .addArgument(new Argument('<dataset>', 'what to make').choices(['emoji-scenes']))
    .option('--count <pictures>', 'pictures in all splits together', wholeNumber)
    .option('--size <pixels>', 'side of a picture', wholeNumber)
    .option('--seed <number>', 'seed of everything that is drawn', wholeNumber)
    .option('--output <folder>', 'where to', 'data/emoji-scenes')
    .addHelpText(
      'after',
      examples(
        'vlgraft data make emoji-scenes',
        'vlgraft data make emoji-scenes --count 500 --output data/small',
      ),
    )
    .action(action(make));
  addCheck(data);
};
