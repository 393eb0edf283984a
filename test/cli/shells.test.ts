import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli } from './builtCli.js';

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli();
  mkdirSync(join(cli.folder, 'runs/first'), { recursive: true });
  writeFileSync(join(cli.folder, 'runs/first/recipe.json'), '{"adapters": [{"kind": "lora"}]}');
});
afterAll(() => cli.remove());

/** Runs a script of a shell in which `vlgraft` is the command line that was built. */
function inShell(shell: string, args: readonly string[], script: string) {
  const { status, stdout, stderr } = spawnSync(shell, [...args, script], {
    cwd: cli.folder,
    encoding: 'utf8',
    env: { ...process.env, MAIN: cli.main, NODE: process.execPath },
  });
  return { status, stdout, stderr };
}

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

const POSIX = 'vlgraft() { "$NODE" "$MAIN" "$@"; }\n';

describe('in a shell', () => {
  it('a reader that closes the pipe ends the work without an error', () => {
    const script = `${POSIX}vlgraft recipes schema | head -c 10; echo " \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = inShell('bash', ['-c'], script);
    expect({ stdout, stderr }).toEqual({ stdout: '{\n  "$sche 0\n', stderr: '' });
  });

  it('vlgraft alone, and a verb that needs another one, print their help', async () => {
    for (const words of [[], ['data'], ['recipes'], ['engine']]) {
      const { code, stdout, stderr } = await cli[words.length === 0 ? 'run' : 'here'](...words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: vlgraft ${words.join(' ')}`.trimEnd());
    }
    expect((await cli.here('help', 'run')).stdout).toBe((await cli.here('run', '--help')).stdout);
  });

  it('--json tells a wrong command line on stdout too', async () => {
    const { code, stdout } = await cli.here('run', '--json', '--owerwrite');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        message: 'vlgraft run has no option --owerwrite; did you mean --overwrite?',
        exitCode: 2,
        problems: [
          { message: 'vlgraft run has no option --owerwrite', expected: 'did you mean --overwrite?' },
        ],
      },
    });
  });
});

const cases = [
  ['vlgraft ru', ['run']],
  ['vlgraft run vqa-b', ['vqa-both', 'vqa-bottleneck']],
  ['vlgraft evaluate runs/first --adapters ', ['lora']],
] as const;

describe('completion', () => {
  it.runIf(has('bash')).each(cases)('bash: %s', (line, expected) => {
    const words = line.split(' ').map((word) => JSON.stringify(word));
    const script = `${POSIX}eval "$(vlgraft completion bash)"
      complete -p vlgraft >/dev/null || exit 1
      COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}
      COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}
      _vlgraft; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { status, stdout, stderr } = inShell('bash', ['-c'], script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual(expected);
  });

  it.runIf(has('bash'))('bash: what stands before = and : is not repeated', () => {
    const script = `${POSIX}eval "$(vlgraft completion bash)"
      COMP_LINE='vlgraft compare vqa-both --adapters lora:al'; COMP_POINT=\${#COMP_LINE}
      COMP_WORDS=(vlgraft compare vqa-both --adapters lora : al); COMP_CWORD=6
      _vlgraft; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(inShell('bash', ['-c'], script).stdout).toBe('alpha=\nalphaPattern=\n');
  });

  it.runIf(has('fish')).each(cases)('fish: %s', (line, expected) => {
    const script = `function vlgraft; $NODE $MAIN $argv; end
      vlgraft completion fish | source
      complete -C ${JSON.stringify(line)}`;
    const { stdout } = inShell('fish', ['--no-config', '-c'], script);
    const told = stdout.trim().split('\n');
    expect(told.map((one) => one.split('\t')[0])).toEqual(expected);
  });

  it.runIf(has('zsh')).each(cases)('zsh: %s', (line, expected) => {
    const words = line.split(' ').map((word) => JSON.stringify(word));
    // compadd works only while a person types: what it is given is what is completed.
    const script = `${POSIX}compdef() { :; }
      compadd() { print -rl -- "\${(@P)@[-1]}"; }
      eval "$(vlgraft completion zsh)"
      words=(${words.join(' ')}); CURRENT=${words.length}
      _vlgraft`;
    const { stdout, stderr } = inShell('zsh', ['-f', '-c'], script);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(expected);
  });
});
