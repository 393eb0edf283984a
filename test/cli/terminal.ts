import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. */
const [BETWEEN_KEYS, BETWEEN_LOOKS] = [100, 200];

/** Until a screen shows what it should, on the busiest of machines. */
const MOST_SECONDS = 200;

/** Whether tmux can be had. */
export const hasTmux = (): boolean => spawnSync('tmux', ['-V']).status === 0;

/** A terminal of 80 x 24 in which a command runs, as a person sees it. */
export interface Terminal {
  /** Keys as tmux names them (`Enter`, `Escape`, `Down`, `C-c`), or text; one after the other, as fast as a person types. */
  press(...keys: readonly string[]): Promise<void>;
  /** Keys and text that arrive in one piece. */
  paste(...keys: readonly string[]): void;
  screen(): string;
  /** Waits until the screen shows it; fails with what it shows instead. */
  waitFor(pattern: RegExp): Promise<string>;
  close(): void;
}

/** Runs a command in a folder; its exit code is shown as `exit: 0` when it ends. */
export function openTerminal(folder: string, command: string): Terminal {
  const place = mkdtempSync(join(tmpdir(), 'vlgraft-terminal-'));
  const tmux = (...words: string[]): string =>
    execFileSync('tmux', ['-S', join(place, 'socket'), '-f', '/dev/null', ...words], { encoding: 'utf8' });
  const line = `env -u CI -u NO_COLOR ${command}; echo "exit: $?"; exec cat`;
  tmux('new-session', '-d', '-s', 't', '-x', '80', '-y', '24', '-c', folder, 'sh', '-c', line);
  const screen = () => tmux('capture-pane', '-p', '-t', 't');
  return {
    screen,
    async press(...keys) {
      for (const key of keys) {
        tmux('send-keys', '-t', 't', key);
        await sleep(BETWEEN_KEYS);
      }
    },
    paste: (...keys) => {
      tmux('send-keys', '-t', 't', ...keys);
    },
    async waitFor(pattern) {
      const end = Date.now() + MOST_SECONDS * 1000;
      while (Date.now() < end) {
        const shown = screen();
        if (pattern.test(shown)) return shown;
        await sleep(BETWEEN_LOOKS);
      }
      throw new Error(`${pattern} did not appear within ${MOST_SECONDS} s:\n${screen()}`);
    },
    close: () => {
      spawnSync('tmux', ['-S', join(place, 'socket'), 'kill-server']);
      rmSync(place, { recursive: true, force: true });
    },
  };
}
