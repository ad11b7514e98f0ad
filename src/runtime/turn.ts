import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import type { Report } from '../domain/report.js';
import type { ExitWatch } from './exits.js';
import { listProcesses, type ListedProcess } from './processes.js';
import type { Daemon } from './rpc.js';

/** One process on its way from the old incarnation to the new one. */
export interface Turn {
  /** The entry as it was before pm2 was asked. */
  readonly before: ListedProcess;
  /** `pm_uptime` of the incarnation that must live now; null where pm2 did not tell. */
  readonly told: number | null;
  /** Why pm2 says that it failed, or null. It may have restarted the process nevertheless. */
  readonly refusal: string | null;
  /** What the bus told before this is about former lives. */
  readonly mark: number;
  /** How long the error log was: what comes after is of the new incarnation. */
  readonly logStart: number;
}

const MARGIN_MS = 10_000;
const Started = v.looseObject({ pm2_env: v.looseObject({ pm_uptime: v.number() }) });

/** A process that already changed over: nothing is asked of pm2. */
export async function leave(process: ListedProcess): Promise<Turn> {
  return {
    before: process,
    told: process.startedAt,
    refusal: null,
    mark: 0,
    logStart: await logLength(process),
  };
}

/** Has pm2 end the process and start it anew with the environment that it has. */
export async function restart(process: ListedProcess, tools: TurnTools, signal: AbortSignal): Promise<Turn> {
  return changeOver(process, tools, async () => {
    try {
      return await askRestart(process, tools, signal);
    } catch (error) {
      const now = (await listProcesses(tools.daemon, signal)).find(({ pmId }) => pmId === process.pmId);
      // A crash loop may have died or come back between our look and pm2's.
      const changed =
        now !== undefined && (now.startedAt !== process.startedAt || now.status !== process.status);
      if (!changed || !isGitOpsError(error, 'DAEMON_REFUSED')) throw error;
      return askRestart(now, tools, signal);
    }
  });
}

/** Has pm2 start a new cluster worker, and end the old one when the new one listens. */
export async function reload(process: ListedProcess, tools: TurnTools, signal: AbortSignal): Promise<Turn> {
  const options = { signal, timeoutMs: limitOf(process) };
  return changeOver(process, tools, async () => {
    try {
      await tools.daemon.call('reloadProcessId', [{ id: process.pmId, env: {} }], options);
      return null; // the reply is about the old worker
    } catch (error) {
      if (!isGitOpsError(error, 'DAEMON_REFUSED')) throw error;
      // An earlier reload has not ended: pm2 still keeps the worker from before it, which serves meanwhile.
      return askRestart(process, tools, signal);
    }
  });
}

/** `web 0`: a process as it is written for people. */
export function nameOf({ name, pmId }: ListedProcess): string {
  return `${name} ${pmId}`;
}

interface TurnTools {
  readonly daemon: Daemon;
  readonly exits: ExitWatch;
  readonly report: Report;
}

async function askRestart(
  process: ListedProcess,
  { daemon }: TurnTools,
  signal: AbortSignal,
): Promise<unknown> {
  const { pmId, status } = process;
  // pm2 refuses while its own restart is pending, and that would start a second process beside ours. What it takes for online it stops
  // first, which ends the wait, and then starts: in one call, so that nobody who dies in between leaves the app stopped.
  const env = status === 'waiting restart' ? { current_conf: { status: 'online' } } : {};
  return daemon.call('restartProcessId', [{ id: pmId, env }], { signal, timeoutMs: limitOf(process) });
}

async function changeOver(
  before: ListedProcess,
  { report, exits }: TurnTools,
  ask: () => Promise<unknown>,
): Promise<Turn> {
  report.step(`${nameOf(before)}: restarting`);
  const turn = { before, mark: exits.mark(), logStart: await logLength(before) };
  const over = new AbortController();
  try {
    // pm2 answers for a crash as late as for a success, and until then a reload keeps the old worker: the bus is faster.
    const crash = exits.crash(before.pmId, before.startedAt, over.signal);
    const started = v.safeParse(Started, await firstOf(ask(), crash));
    return { ...turn, refusal: null, told: started.success ? started.output.pm2_env.pm_uptime : null };
  } catch (error) {
    // Silent or refusing, pm2 may have done it all the same: the proof looks at the process, not at the answer.
    if (!isGitOpsError(error, 'DAEMON_REFUSED', 'DAEMON_SILENT')) throw error;
    return { ...turn, refusal: messageOf(error), told: null };
  } finally {
    over.abort();
  }
}

/** The answer, or nothing as soon as there is a crash; whichever comes too late is let go. */
function firstOf(answer: Promise<unknown>, crash: Promise<void>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    answer.then(resolve, reject);
    crash.then(resolve, () => undefined);
  });
}

/** pm2 waits `kill_timeout` twice (before and after SIGKILL), then for the new process to be ready or listening. */
function limitOf({ killTimeoutMs, listenTimeoutMs }: ListedProcess): number {
  return killTimeoutMs * 2 + listenTimeoutMs + MARGIN_MS;
}

async function logLength({ errorLog }: ListedProcess): Promise<number> {
  const found = errorLog === null ? null : await stat(errorLog).catch(() => null);
  return found?.size ?? 0;
}
