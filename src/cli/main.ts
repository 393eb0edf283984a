#!/usr/bin/env node
import { runProgram } from './runProgram.js';

// A reader that has seen enough (`| head`) closes the pipe: that ends the work, and is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

process.exitCode = await runProgram(process.argv.slice(2));
