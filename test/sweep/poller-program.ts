import { readdirSync } from 'node:fs';
import { startAgent } from '../../src/index.js';

// An app that embeds the agent, as far as the sweep needs one: for each message it polls once and tells what came of it and what it holds.

const agent = startAgent({ root: process.argv[2] ?? '' });
agent.on('problem', () => undefined);

// The agent takes the turn that is due when it starts: two polls at once would launch two workers.
const ownTurn = new Promise<string>((resolve) => {
  agent.once('polled', resolve);
  agent.once('problem', () => {
    resolve('problem');
  });
});
let isFirst = true;

process.on('message', () => {
  poll().then(tell, (error: unknown) => {
    tell(`failed: ${String(error)}`);
  });
});
process.on('disconnect', () => process.exit());

async function poll(): Promise<string> {
  const polled = await ownTurn;
  const counts = isFirst && (polled === 'launched' || polled === 'busy');
  isFirst = false;
  return counts ? polled : agent.check();
}

function tell(polled: string): void {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ polled, rss, heapUsed, files: readdirSync('/proc/self/fd').length });
}
