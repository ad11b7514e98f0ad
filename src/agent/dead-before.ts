import type { AppProcess } from '../domain/process.js';
import type { Upgrade } from '../domain/upgrade.js';
import { readDead, writeDead } from '../state/runs.js';
import { rootProcesses } from './apps.js';
import { onlySaid } from './perform-apps.js';
import type { Workplace } from './workplace.js';

/** Before the switch: puts on record which processes of the active release are dead. The first look counts: later ones may see the candidate's. */
export async function noteDead(place: Workplace, { active }: Upgrade, run: string): Promise<void> {
  if (active === null) return;
  await onlySaid(place, async () => {
    const { layout } = place.root;
    if ((await readDead(layout, run)) !== null) return;
    const found = await rootProcesses(place.root, active.apps, place.signal);
    const dead = found.filter(isDead).map(({ pmId }) => pmId);
    if (dead.length > 0) await writeDead(layout, run, dead);
  });
}

/** Given up by pm2, or between two of its tries: not what a person stopped, nor what somebody is just restarting. */
function isDead({ pid, status }: AppProcess): boolean {
  return pid === null && (status === 'errored' || status === 'waiting restart');
}
