import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openChildLedger } from '../../src/state/children.js';

// A worker, as far as its ledger goes: it starts a child in its own group, then begins and ends visits as it is told.

const ledger = openChildLedger(process.argv[2] ?? '', '/nowhere/reserve');
ledger.begin();
console.log(spawn('sleep', ['300'], { stdio: 'ignore' }).pid);
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'begin') ledger.begin();
  else ledger.end();
  console.log(line);
});
