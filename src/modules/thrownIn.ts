import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InterruptedError, messageOf, type Problem, UsageError } from '../base/errors.js';

/** Line and column of a file where an error arose, as far as its stack says. */
export function placeIn(file: string, error: unknown): Pick<Problem, 'line' | 'column'> {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = stack.split('\n').find((line) => line.includes(pathToFileURL(resolve(file)).href));
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(at ?? '') ?? [];
  return line === undefined ? {} : { line: Number(line), column: Number(column) };
}

/** A module of a file, as its faults name it. */
interface Origin {
  readonly file: string;
  readonly module: string;
}

const BUILT_IN: readonly unknown[] = [Error, TypeError, RangeError, ReferenceError, SyntaxError];

/** Whether it is no fault: what is meant for the user, for who stops a run, or what this package tells itself. */
function isSignal(error: unknown, file: string): boolean {
  if (error instanceof UsageError || error instanceof InterruptedError) return true;
  if (!(error instanceof Error) || BUILT_IN.includes(error.constructor)) return false;
  const [top = ''] = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return !top.includes(pathToFileURL(resolve(file)).href);
}

/** What a module of a file threw, as a fault of that file. */
function asFault(error: unknown, name: string, { file, module }: Origin): unknown {
  if (isSignal(error, file)) return error;
  const message = `${name} of the ${module} failed: ${messageOf(error)}`;
  const fault = new UsageError({ file, ...placeIn(file, error), message });
  fault.cause = error;
  return fault;
}

type Call = (...given: unknown[]) => unknown;

/** How deep objects that functions return are watched: what `create` makes has functions of its own. */
const DEPTH = 2;

function watched(name: string, call: Call, self: object, origin: Origin, depth: number): Call {
  const fail = (error: unknown): never => {
    throw asFault(error, name, origin);
  };
  const made = (value: unknown): unknown => (depth > 1 ? watch(value, origin, depth - 1) : value);
  return (...given) => {
    try {
      const value = call.apply(self, given);
      return value instanceof Promise ? value.then(made, fail) : made(value);
    } catch (error) {
      return fail(error);
    }
  };
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function watch(value: unknown, origin: Origin, depth: number): unknown {
  if (!isPlain(value) || !Object.values(value).some((member) => typeof member === 'function')) return value;
  const members = Object.entries(value).map(([name, member]) => {
    if (typeof member !== 'function') return [name, member];
    return [name, watched(name, member as Call, value, origin, depth)];
  });
  return Object.fromEntries(members);
}

/**
 * A module of a file whose functions say in which file, line and column they threw, and which of them.
 * @param name what the module is called in errors
 */
export const watchedModule = <Module>(module: Module, file: string, name: string): Module =>
  watch(module, { file, module: name }, DEPTH) as Module;
