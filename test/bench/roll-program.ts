import { parseReleaseConfig } from '../../src/config/release.js';
import { incarnations } from '../../src/domain/process.js';
import { systemClock } from '../../src/os/clock.js';
import { listProcesses, selectProcesses } from '../../src/runtime/processes.js';
import { roll } from '../../src/runtime/roll.js';
import { connectDaemon } from '../../src/runtime/rpc.js';

// node roll-program.js PM2_HOME ROOT: restarts the processes of a root as a worker does, without a settle time.

const LIMIT_MS = 120_000;
const [home = '', root = ''] = process.argv.slice(2);
const signal = AbortSignal.timeout(LIMIT_MS);
const place = { home, platform: process.platform };
const daemon = await connectDaemon(place, signal);
const old = incarnations(await listProcesses(daemon, signal));
const outcome = await roll(
  {
    targets: (all) => selectProcesses(all, { roots: [root], apps: null }),
    old,
    proven: [],
    restart: { mode: 'auto', first: 1, batch: null },
    health: parseReleaseConfig({ health: { settle: 0, timeout: LIMIT_MS } }, 'bench').health,
    release: { tag: 'v0.0.0', commit: '' },
    env: {},
    cwd: root,
  },
  {
    ...place,
    daemon,
    clock: systemClock(),
    report: { step: () => undefined, output: () => undefined },
  },
  signal,
);
daemon.close();
if (!outcome.healthy) {
  console.error(outcome.cause);
  process.exitCode = 1;
}
