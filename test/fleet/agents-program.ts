import { startAgent } from '../../src/index.js';

// Many agents in one process, each for a root of its own: only their decisions and their workers are looked at, not their memory.

for (const root of process.argv.slice(2))
  startAgent({ root }).on('problem', (problem) => {
    console.error(root, problem);
  });
setInterval(() => undefined, 60_000); // agents keep nothing alive
