import type * as Product from '../../src/index.js';
import { systemClock } from '../../src/os/clock.js';

// node host-program.js [PRODUCT ROOT [turns]]: a host that embeds the agent, which looks at once or in the turns of its schedule, or a bare one; prints its times and its memory.

const POLLS = 3;
const PAUSE_MS = 200;
const TURN_LIMIT_MS = 60_000;
const BYTES_PER_MB = 1024 * 1024;

const clock = systemClock();
const [product, root = '', pace] = process.argv.slice(2);
const startMs = performance.now();
const imported = product === undefined ? null : await load(product);
const importMs = performance.now() - startMs;
const importedMb = await residentMb();
await poll(imported);
console.log(JSON.stringify({ importMs, importedMb, polledMb: await residentMb() }));

function load(address: string): Promise<typeof Product> {
  return import(address);
}

/** A bare host waits about as long as a poll takes. */
async function poll(loaded: typeof Product | null): Promise<void> {
  const agent = loaded?.startAgent({ root });
  for (let time = 0; time < POLLS; time += 1) {
    if (agent === undefined) await clock.sleep(PAUSE_MS, AbortSignal.timeout(2 * PAUSE_MS));
    else if (pace === 'turns') await ownTurn(agent);
    else await agent.check();
  }
  await agent?.close();
}

/** A turn that another poller has taken does not count. */
async function ownTurn(agent: Product.Agent): Promise<void> {
  const over = new AbortController();
  agent.on('polled', (polled) => {
    if (polled === 'rested') over.abort();
  });
  await clock.sleep(TURN_LIMIT_MS, over.signal).catch(() => undefined);
  if (!over.signal.aborted) throw new Error('no turn came');
}

async function residentMb(): Promise<number> {
  await clock.sleep(PAUSE_MS, AbortSignal.timeout(2 * PAUSE_MS));
  return process.memoryUsage.rss() / BYTES_PER_MB;
}
