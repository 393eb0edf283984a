import { spawn } from 'node:child_process';
import type { Environment } from './cacheFolder.js';

/** How a program ended and what it wrote. */
export interface ToolResult {
  /** Exit code; -1 where it could not be started or was ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a program runs. */
export interface ToolOptions {
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
  /** Text for its standard input. */
  readonly input?: string;
  /** Working folder. `python3 -m pip` imports from there first, so the default is one only the system writes to. */
  readonly folder?: string;
}

/** Runs one of the user's programs to its end without a shell; an abort ends it with SIGTERM. */
export function runTool(command: readonly string[], options: ToolOptions): Promise<ToolResult> {
  const [program = '', ...programArguments] = command;
  const { environment, signal, input = '', folder = '/' } = options;
  return new Promise((done) => {
    const child = spawn(program, programArguments, {
      env: { ...environment },
      cwd: folder,
      ...(signal && { signal }),
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => done({ code: -1, ...output, stderr: output.stderr || error.message }));
    child.on('close', (code) => done({ code: code ?? -1, ...output }));
  });
}
