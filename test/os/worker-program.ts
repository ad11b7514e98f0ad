import { writeFileSync } from 'node:fs';
import { waitUntilAlone } from '../../src/os/alone.js';
import { systemClock } from '../../src/os/clock.js';
import { writeDurably } from '../../src/os/files.js';
import { ancestorsOf } from '../processes.js';

// Stands for a worker: waits until it is alone, tells what it sees, and stays. `worker-program.js FILE LAUNCHER…`
const [file = '', launcher = '', ...rest] = process.argv.slice(2);
const clock = systemClock();
await waitUntilAlone([Number(launcher)], clock, AbortSignal.timeout(10_000));
await writeDurably(
  file,
  JSON.stringify({
    pid: process.pid,
    ancestors: ancestorsOf(process.pid),
    rest,
    env: process.env,
    cwd: process.cwd(),
  }),
);
console.log('to nobody');
for (let beat = 0; beat < 600; beat += 1) {
  writeFileSync(`${file}.beat`, String(beat));
  await clock.sleep(50, new AbortController().signal);
}
