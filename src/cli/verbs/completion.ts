import { Argument, type Command } from 'commander';
import { type AddVerb, action, examples } from '../verb.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const rootOf = (command: Command): Command => (command.parent ? rootOf(command.parent) : command);

/** Tells the words that may stand in place of the last one, a line each, its meaning behind a tab. */
function addComplete(parent: Command): void {
  parent
    .command('complete', { hidden: true })
    .description('Tells the shell what may stand in place of the last word.')
    .argument('[words...]', 'a command line without the name of the program')
    .action(
      action(async (_shell, words: readonly string[]) => {
        const { complete } = await import('../completion/complete.js');
        const found = complete(rootOf(parent), words);
        const lines = found.map(({ value, description }) => [value, description].filter(Boolean).join('\t'));
        if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
      }),
    );
}

/** `vlgraft completion SHELL` */
export const addCompletion: AddVerb = (parent) => {
  parent
    .command('completion')
    .summary('complete words at Tab')
    .description(
      'Prints a script for your shell, after which Tab completes verbs, options, recipes, run folders, kinds of ' +
        'adapters and keys of recipes. Put the line of the example into the file that your shell reads at its start.',
    )
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        'eval "$(vlgraft completion bash)"',
        'eval "$(vlgraft completion zsh)"',
        'vlgraft completion fish | source',
      ),
    )
    .action(
      action(async (shell, name: (typeof SHELLS)[number]) => {
        const { completionScripts } = await import('../completion/scripts.js');
        const script = completionScripts[name];
        shell.result({ shell: name, script }, script.trimEnd());
      }),
    );
  addComplete(parent);
};
