import type { Root } from '../../src/agent/root.js';
import { newestEnded, openRoot, poll, turnsOf } from '../../src/agent/turn.js';

// node quiet-program.js ROOT [report]: a running poller that takes a turn with each message, and answers what it came to and its own CPU time;
// with `report` one that is told to repair no drift, and so does not look for it.

const [folder = '', pace] = process.argv.slice(2);
const reports = pace === 'report';
const forever = new AbortController().signal;
process.on('message', () => void answer());
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function answer(): Promise<void> {
  const before = process.cpuUsage();
  const polled = await takeTurn();
  const { user, system } = process.cpuUsage(before);
  process.send?.({ polled, cpuMs: (user + system) / 1_000 });
}

/** All that an embedded agent does in a turn. */
async function takeTurn(): Promise<string> {
  const read = await openRoot(folder, { background: true });
  const root: Root = reports ? { ...read, config: { ...read.config, drift: 'report' } } : read;
  await turnsOf(root);
  const polled = await poll(root, root.host.clock.now(), forever);
  await newestEnded(root);
  return polled;
}
