import { readdirSync } from 'node:fs';
import { startAgent } from '../../src/index.js';

// An app that embeds the agent, as far as the sweep needs one: for each message it polls once and tells what came of it and what it holds.

const agent = startAgent({ root: process.argv[2] ?? '' });
agent.on('problem', (problem) => process.send?.({ problem: String(problem) }));

process.on('message', () => {
  agent.check().then(tell, (error: unknown) => {
    tell(`failed: ${String(error)}`);
  });
});
process.on('disconnect', () => process.exit());

function tell(polled: string): void {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ polled, rss, heapUsed, files: readdirSync('/proc/self/fd').length });
}
