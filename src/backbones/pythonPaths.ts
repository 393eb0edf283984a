import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';

/** Home folder of a user of this machine; undefined for an unknown one. */
function homeOf(user: string): string | undefined {
  const users = '/etc/passwd';
  if (!existsSync(users)) return undefined;
  const lines = readFileSync(users, 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find(([name]) => name === user)?.[5];
}

/** `~` and `~user` at the start of a path as their home folders, as Python's os.path.expanduser does it. */
export function expandUser(path: string, { HOME }: NodeJS.ProcessEnv): string {
  const [, user] = /^~([^/]*)/.exec(path) ?? [];
  if (user === undefined) return path;
  const home = user === '' ? (HOME ?? homedir()) : homeOf(user);
  if (home === undefined) return path;
  return home.replace(/\/+$/, '') + path.slice(1 + user.length) || '/';
}

/** `$NAME` and `${NAME}` as their values, unknown ones left as they are, as Python's os.path.expandvars does it. */
export const expandVariables = (path: string, environment: NodeJS.ProcessEnv): string =>
  path.replace(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (whole, bare?: string, braced?: string) => environment[bare ?? braced ?? ''] ?? whole,
  );
