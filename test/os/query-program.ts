import { query } from '../../src/os/query.js';

// Asks a program that takes its time: `query-program.js background|foreground`.
const background = process.argv[2] === 'background';
const command = {
  file: '/bin/sh',
  args: ['-c', 'exec sleep 4714.5'],
  cwd: process.cwd(),
  env: { PATH: process.env['PATH'] ?? '' },
};
console.log('asked');
void query(command, {
  signal: new AbortController().signal,
  limitMs: 60_000,
  maxBytes: 1_000,
  background,
});
