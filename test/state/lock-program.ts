import { createInterface } from 'node:readline';
import { tryLock, type Lock } from '../../src/state/lock.js';

// One contender: `lock-program.js PATH`. It tries at each line `try`, says `won` or `lost`, and lets go at `release`.
const path = process.argv[2] ?? '';
let lock: Lock | null = null;
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'try') {
    lock = await tryLock(path, { pid: process.pid, startedAt: 0, run: 'r' });
    console.log(lock === null ? 'lost' : 'won');
  }
  if (line === 'release') {
    lock?.release();
    console.log('released');
  }
}
