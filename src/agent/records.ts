import { GitOpsError } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import { phasesOf, type Run } from '../domain/run.js';
import { parseLogLine, type LogLine } from '../observe/log.js';
import { readTextIfAny } from '../os/files.js';
import { readEntries } from '../state/journal.js';
import { holderOf } from '../state/lock.js';
import { listRuns, runIds, runLog } from '../state/runs.js';
import { knownUpgrade } from './known-upgrade.js';
import { LogTail } from './log-tail.js';
import type { Root } from './root.js';

const LOOK_MS = 200;

/** The newest runs, newest first. One that is under way comes with the phases that it has reached. */
export async function readRuns({ layout }: Root, limit: number): Promise<Run[]> {
  const runs = await listRuns(layout, limit);
  if (!runs.some(({ outcome }) => outcome === null)) return runs;
  const lines = await readEntries(layout.journal);
  return runs.map((run) => (run.outcome === null ? { ...run, phases: phasesOf(lines, run.id) } : run));
}

/** The id of the run that a person names by its id or the beginning of it; null: the newest. Throws `USAGE` where there is none. */
export async function findRun({ layout }: Root, named: string | null): Promise<string> {
  const ids = await runIds(layout);
  const found = named === null ? ids.at(-1) : ids.findLast((id) => id.startsWith(named));
  if (found !== undefined) return found;
  throw new GitOpsError('USAGE', named === null ? 'no run yet' : `no run "${named}"`, {
    hint: 'see pm2-gitops history',
  });
}

/** All lines of a run's log. */
export async function readLog({ layout }: Root, run: string): Promise<LogLine[]> {
  const text = (await readTextIfAny(runLog(layout, run))) ?? '';
  return text.split('\n').flatMap((line) => parseLogLine(line) ?? []);
}

/** Hands out the lines of a run's log, and goes on while a worker is at work. */
export async function followLog(
  { layout, host }: Root,
  run: string,
  { onLine, signal }: { onLine: (line: LogLine) => void; signal: AbortSignal },
): Promise<void> {
  const tail = new LogTail(onLine);
  for (;;) {
    const underWay = (await holderOf(layout.upgradeLock)) !== null;
    await tail.read(runLog(layout, run));
    if (!underWay || signal.aborted) return;
    await host.clock.sleep(LOOK_MS, signal).catch(() => undefined); // interrupted: the loop ends
  }
}

/** Where `rollback` goes: the proven release before the active one. Throws `USAGE` where there is none. */
export async function previousRelease(root: Root): Promise<Release> {
  const { previous } = await knownUpgrade(root);
  if (previous !== null) return previous;
  throw new GitOpsError('USAGE', 'there is no previous proven release to go back to', {
    hint: 'name one: pm2-gitops pin TAG',
  });
}

/** Throws `BUSY` while a worker is at work. */
export async function refuseBusy({ layout }: Root): Promise<void> {
  const holder = await holderOf(layout.upgradeLock);
  if (holder !== null) throw busy(holder.pid);
}

/** Another worker has the root. */
export function busy(pid: number | null): GitOpsError {
  const who = pid === null ? 'another process' : `pid ${pid}`;
  return new GitOpsError('BUSY', `${who} is upgrading this root`, {
    hint: 'watch it: pm2-gitops logs --follow; nothing else is needed',
  });
}
