import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Waiting until bytes are on the disk guards against a loss of power, which no test has: it took a tenth of their time.
// The processes of `dist` that tests start do wait.
Object.assign(fs, { fsyncSync: () => {} });
syncBuiltinESMExports();
