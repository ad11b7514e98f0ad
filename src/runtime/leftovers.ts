import { isOneOf, type AppProcess } from '../domain/process.js';
import { daemonPid } from './home.js';
import { livingProcesses, parentOf } from '../os/proc-linux.js';
import { birthMark } from './listener-linux.js';
import { listProcesses } from './processes.js';
import type { DaemonPlace } from './socket.js';
import { unhealthy, type Rolling, type RollOutcome } from './rolling.js';

const LOOK_MS = 100;
const LIMIT_MS = 5_000;

/** The last condition of health: nothing that lived at the switch lives on, listed or (the worker of a reload) hidden by pm2. */
export async function findLeftover(processes: readonly AppProcess[], rolling: Rolling): Promise<RollOutcome> {
  const { plan, tools, signal } = rolling;
  const startMs = tools.clock.monotonicMs();
  for (;;) {
    const listed = await listProcesses(tools.daemon, signal);
    const pids = new Set(listed.map(({ pid }) => pid));
    const old = plan.old.filter(({ pmId }) => processes.some((process) => process.pmId === pmId));
    const still = listed.find((process) => isOneOf(process, old));
    const hidden = await firstChild(
      old.map(({ pid }) => pid).filter((pid) => !pids.has(pid)),
      rolling,
    );
    const pid = still?.pid ?? hidden;
    if (pid === null) return { healthy: true };
    if (tools.clock.monotonicMs() - startMs >= LIMIT_MS) {
      return unhealthy(`process ${pid} of the former release still lives`);
    }
    await tools.clock.sleep(LOOK_MS, signal);
  }
}

/**
 * Whether pm2 still keeps the former worker of an entry for a reload that has not ended: it hides it from its list. Another reload would make pm2 5
 * and 6 forget that one; pm2 7 refuses. Where the system does not tell, the refusal must do.
 */
export async function hasParked(
  { pmId }: AppProcess,
  listed: readonly AppProcess[],
  { home, platform }: DaemonPlace,
): Promise<boolean> {
  const daemon = platform === 'linux' ? await daemonPid(home) : null;
  if (daemon === null) return false;
  const known = new Set(listed.map(({ pid }) => pid));
  const hidden = [...livingProcesses()].filter(([pid, { parent }]) => parent === daemon && !known.has(pid));
  const marks = await Promise.all(hidden.map(([pid]) => birthMark(pid)));
  return marks.some((mark) => mark?.pmId === pmId);
}

/** The first pid that lives as a child of the daemon; the system may have given it to a stranger, who is of no interest. */
async function firstChild(pids: readonly number[], { tools }: Rolling): Promise<number | null> {
  if (tools.platform !== 'linux') return null;
  const daemon = await daemonPid(tools.home);
  if (daemon === null) return null;
  for (const pid of pids) {
    const parent = parentOf(pid);
    if (parent === daemon) return pid;
  }
  return null;
}
