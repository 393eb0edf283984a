// Kills runs at random moments and compares what comes of them with uninterrupted ones:
// node scripts/kills.mjs [count, default 100] [seed]
import { bin, run } from './run.mjs';

const [count = '100', seed = String(Date.now())] = process.argv.slice(2);
console.log(`${count} kills, seed ${seed}`);
process.env.VLGRAFT_KILLS = count;
process.env.VLGRAFT_KILLS_SEED = seed;
process.exitCode = await run(bin('vitest'), ['run', '--maxWorkers=1', 'test/reliability/kills.test.ts']);
