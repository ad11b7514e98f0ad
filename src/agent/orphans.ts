import { isGitOpsError } from '../domain/errors.js';
import { offspringOf, orphansOf, type Mark, type Offspring, type Orphan } from '../domain/orphan.js';
import type { Incarnation } from '../domain/process.js';
import { bootId, startTimeOf } from '../os/proc-linux.js';
import { daemonPid } from '../runtime/home.js';
import { listHousehold } from '../runtime/household-linux.js';
import { listProcesses, type ListedProcess } from '../runtime/processes.js';
import type { Layout } from '../state/layout.js';
import { readRecord, writeRecord } from '../state/records.js';
import { offspringFile } from '../state/schema.js';
import { findTargets, withDaemon } from './apps.js';
import type { Root } from './root.js';

/** What apps of the root left behind; empty where the system or pm2 does not tell. `apps`: the names that the release gives its own. */
export async function findOrphans(
  root: Root,
  apps: readonly string[] | null,
  signal: AbortSignal,
): Promise<Orphan[]> {
  const { clock, pm2Home } = root.host;
  const processes = await listHousehold(clock.now());
  const listed = processes === null ? null : await listedOrNone(root, signal);
  if (processes === null || listed === null) return [];
  const marked = processes.flatMap(({ mark }) => (mark === null ? [] : [asListed(mark)]));
  const targets = findTargets(root, apps, [...listed, ...marked]);
  const isOurs = (mark: Mark): boolean =>
    (mark.home === null || mark.home === pm2Home) && targets([asListed(mark)]).length > 0;
  const noted = await readOffspring(root.layout);
  return orphansOf({ processes, listed, daemon: await daemonPid(pm2Home), noted, isOurs });
}

/** Notes what lives below processes that are about to be restarted. What has ended meanwhile is forgotten. */
export async function noteOffspring({ layout, host }: Root, lives: readonly Incarnation[]): Promise<void> {
  const processes = await listHousehold(host.clock.now());
  if (processes === null) return;
  const before = (await readOffspring(layout)).filter(({ pid, born }) => startTimeOf(pid) === born);
  const found = offspringOf(lives, processes);
  const known = before.filter(({ pid }) => !found.some((child) => child.pid === pid));
  await writeRecord(layout.offspring, { boot: bootId(), offspring: [...known, ...found] });
}

async function readOffspring({ offspring }: Layout): Promise<readonly Offspring[]> {
  const found = await readRecord(offspring, offspringFile);
  return found?.boot === bootId() ? found.offspring : [];
}

async function listedOrNone(root: Root, signal: AbortSignal): Promise<ListedProcess[] | null> {
  try {
    return await withDaemon(root, signal, (daemon) => listProcesses(daemon, signal));
  } catch (error) {
    if (isGitOpsError(error)) return null;
    throw error;
  }
}

/** What pm2's list once said of the app from which a process comes, as far as it matters whose app it was. */
function asListed({ pmId, startedAt, name, cwd, script, isModule }: Mark): ListedProcess {
  return {
    ...{ pmId, startedAt, name, cwd, script, isModule, pid: null, status: 'stopped', mode: 'fork' },
    ...{ killTimeoutMs: 0, listenTimeoutMs: 0, waitsReady: false, errorLog: null },
  };
}
