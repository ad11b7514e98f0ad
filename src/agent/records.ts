import { GitOpsError } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import { phasesOf, type Outcome, type Run } from '../domain/run.js';
import { parseLogLine, type LogLine } from '../observe/log.js';
import { readTextIfAny } from '../os/files.js';
import { readEntries } from '../state/journal.js';
import { holderOf } from '../state/lock.js';
import { listRuns, readRun, runIds, runLog } from '../state/runs.js';
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

/** The id of the run that a person names by its id or the beginning of it; null: the one under way, else the newest. Throws `USAGE` where there is none. */
export async function findRun(root: Root, named: string | null): Promise<string> {
  const ids = await runIds(root.layout);
  const found =
    named === null
      ? ((await runUnderWay(root, ids)) ?? ids.at(-1))
      : ids.findLast((id) => id.startsWith(named));
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

/** How a run ended: by its outcome, stuck, or its worker is gone and it goes on with the next one. */
export type RunEnd = Outcome | 'stuck' | 'cut off';

/** Hands out the lines of a run's log until the run ends, and tells how it did. Throws `ABORTED` with the signal; the run goes on all the same. */
export async function followLog(
  root: Root,
  run: string,
  { onLine, signal }: { onLine: (line: LogLine) => void; signal: AbortSignal },
): Promise<RunEnd> {
  const { layout, host } = root;
  const tail = new LogTail(onLine);
  while (await isUnderWay(root, run)) {
    await tail.read(runLog(layout, run));
    await host.clock.sleep(LOOK_MS, signal);
  }
  // Its last lines come just after its end is on record.
  await host.clock.sleep(LOOK_MS, signal);
  await tail.read(runLog(layout, run));
  return endOf(root, run);
}

/** The run that a worker has in its hands; before that has left a trace, the one that it was launched for. */
async function runUnderWay(root: Root, ids: readonly string[]): Promise<string | null> {
  const holder = await holderOf(root.layout.upgradeLock);
  if (holder === null) return null;
  const { phase } = await knownUpgrade(root);
  return phase.at !== 'idle' && ids.includes(phase.run) ? phase.run : holder.run;
}

async function isUnderWay({ layout }: Root, run: string): Promise<boolean> {
  if ((await holderOf(layout.upgradeLock)) === null) return false;
  return (await readRun(layout, run))?.outcome == null;
}

async function endOf(root: Root, run: string): Promise<RunEnd> {
  const { phase } = await knownUpgrade(root);
  if (phase.at === 'stuck' && phase.run === run) return 'stuck';
  return (await readRun(root.layout, run))?.outcome ?? 'cut off';
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
