import { existsSync } from 'node:fs';
import { daemonPid } from '../../src/runtime/home.js';
import { layoutOf } from '../../src/state/layout.js';
import { holderOf } from '../../src/state/lock.js';
import { MARKER } from '../bed/place.js';
import { endProcesses, processesOf, type LiveProcess } from '../bed/processes.js';
import { waitFor } from '../bed/wait.js';
import { isAlive, type Witness } from './witness.js';
import type { World } from './world.js';

/** What was found after the demo had cleaned up: a thing that should be gone, and whether it is. */
export interface Leftover {
  readonly what: string;
  readonly gone: boolean;
}

const GONE_LIMIT_MS = 5_000;

/** Ends all that the demo started, removes its folder, and looks whether that is true. */
export async function leave(world: World, witness: Witness): Promise<Leftover[]> {
  await witness.look();
  const daemon = await daemonPid(world.pm2Home);
  const pids = [...new Set(witness.starts().map(({ pid }) => pid))];
  await endWorker(world);
  if (daemon !== null) await world.stopPm2();
  await endProcesses(() => processesOfDemo(world));
  await world.remove();
  const daemonText = daemon === null ? 'no pm2 daemon was started' : `the pm2 daemon, pid ${daemon}, is gone`;
  const appsText =
    pids.length === 0 ? 'no app was started' : `all ${pids.length} processes that it ever started are gone`;
  return [
    { what: daemonText, gone: await within(() => daemon === null || !isAlive(daemon)) },
    { what: appsText, gone: await within(() => !pids.some(isAlive)) },
    { what: 'no process carries its mark', gone: processesOfDemo(world).length === 0 },
    { what: `${world.folder} is gone`, gone: !existsSync(world.folder) },
  ];
}

/** The dead stay in the list until somebody has taken note of their end. */
function within(look: () => boolean): Promise<boolean> {
  return waitFor('an end', look, { limitMs: GONE_LIMIT_MS }).then(
    () => true,
    () => false,
  );
}

/** A worker outlives pm2 by design: it would go on restarting what we end. */
async function endWorker({ root }: World): Promise<void> {
  const { upgradeLock } = layoutOf(root);
  const pid = existsSync(upgradeLock) ? ((await holderOf(upgradeLock))?.pid ?? null) : null;
  if (pid !== null && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function processesOfDemo({ id, folder }: World): LiveProcess[] {
  return processesOf({ variable: `${MARKER}=${id}/`, folder });
}
