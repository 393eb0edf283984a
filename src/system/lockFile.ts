import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** How often a lock says that its process lives. */
const HEARTBEAT_MILLISECONDS = 5_000;
/** A lock of another host, or of a process of unknown start, is stale when it said nothing for so long. */
const SILENCE_MILLISECONDS = 600_000;

/** A lock that names no process is stale after so long: locks appear whole, but where files can't be linked. */
const NAMELESS_MILLISECONDS = 5_000;

/** The process that holds a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When its process began, by the kernel's clock; absent where the system does not tell. */
  readonly started?: number;
}

/** A lock that this process holds. */
export interface Lock {
  release(): void;
}

/** Clock ticks from the start of the machine to that of a process (field 22 of its stat file); Linux alone tells. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}

/** Undefined where another process may have got the number of one that ended, and the system does not tell. */
export function isRunning({ pid, started }: LockHolder): boolean | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return started === undefined || now === undefined ? undefined : now === started;
}

function readHolder(file: string): LockHolder | undefined {
  try {
    const { pid, host, started } = JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
    return typeof pid === 'number' && typeof host === 'string'
      ? { pid, host, ...(started !== undefined && { started }) }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * On this host a lock is stale when its process is gone; on another one, or of a process of unknown start, when it is
 * silent; one that names no process soon.
 */
function isStale(file: string, silence: number): boolean {
  const { mtimeMs } = statSync(file);
  const holder = readHolder(file);
  const running = holder?.host === hostname() ? isRunning(holder) : undefined;
  const longest = holder ? silence : Math.min(silence, NAMELESS_MILLISECONDS);
  return running === undefined ? Date.now() - mtimeMs > longest : !running;
}

function removeStale(file: string, silence: number): void {
  const aside = `${file}.${process.pid}`;
  renameSync(file, aside);
  try {
    // Someone else may have taken the stale lock over in between: then this is theirs, and goes back.
    if (!isStale(aside, silence)) linkSync(aside, file);
  } catch {
    // Their lock is there already.
  } finally {
    rmSync(aside, { force: true });
  }
}

function own(file: string): Lock {
  const heartbeat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // It was removed with its folder.
    }
  }, HEARTBEAT_MILLISECONDS);
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    process.off('exit', release);
    rmSync(file, { force: true });
  };
  process.on('exit', release);
  return { release };
}

/** Makes a lock that is there with its holder or not at all; throws EEXIST where there is one. */
function create(file: string, holder: LockHolder): void {
  const text = JSON.stringify(holder);
  const beside = `${file}.${process.pid}.${randomUUID()}`;
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    linkSync(beside, file);
  } catch (error) {
    // File systems without links: a process that dies here leaves a lock that names nobody.
    if (
      !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      throw error;
    writeFileSync(file, text, { flag: 'wx' });
  } finally {
    rmSync(beside, { force: true });
  }
}

const unknown: LockHolder = { pid: 0, host: '' };

/**
 * Takes a lock file, over from a process that died too; returns who holds it where another one does. It is released at
 * the latest when this process ends. Its folder must be there.
 * @param silence milliseconds after which a lock is stale whose process can't be looked for
 */
export function takeLock(file: string, silence = SILENCE_MILLISECONDS): Lock | LockHolder {
  const started = startOf(process.pid);
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    ...(started !== undefined && { started }),
  };
  for (;;) {
    try {
      create(file, holder);
      return own(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    try {
      if (!isStale(file, silence)) return readHolder(file) ?? unknown;
      removeStale(file, silence);
    } catch (error) {
      // Released or taken over by another process while this one looked.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
