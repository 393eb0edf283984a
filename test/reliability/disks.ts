import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small disk of its own, mounted at a folder. */
export interface Disk {
  readonly folder: string;
  /** Makes it larger, or lets it only be read. */
  change(options: string): void;
  remove(): void;
}

const mount = (...words: readonly string[]): void => {
  execFileSync('mount', words, { stdio: 'ignore' });
};

/** Mounts a disk of that many kilobytes at a folder that is made. Throws where that is not allowed. */
export function mountDisk(folder: string, kilobytes: number): Disk {
  mkdirSync(folder, { recursive: true });
  mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
  return {
    folder,
    change: (options) => mount('-o', `remount,${options}`, folder),
    remove: () => {
      execFileSync('umount', [folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether this process may mount disks, as root may on Linux. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-mount-'));
  try {
    mountDisk(join(folder, 'disk'), 64).remove();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
