import type { AppProcess } from '../domain/process.js';
import { daemonPid } from './home.js';
import { ancestorsOf } from '../os/proc-linux.js';
import { birthMark, findListeners, programOf } from './listener-linux.js';

/** Who may listen on a port of the root. */
export interface Residents {
  /** The root's processes as they are now. */
  readonly processes: readonly AppProcess[];
  /** PM2_HOME: the daemon itself listens for the workers of a cluster. */
  readonly home: string;
}

/**
 * Who listens on `port` without being one of the root's living processes, as a complaint; null if there is nobody.
 * An answer proves nothing if a process that should be dead gave it: a wrapper that was killed may leave its server behind.
 * A proxy in front of the app is no stranger: it is another program, and pm2 did not start it.
 */
export async function findStranger(port: number, residents: Residents): Promise<string | null> {
  const programs = await programsOf(residents);
  for (const pid of await findListeners(port)) {
    if (await isResident(pid, residents)) continue;
    const program = await programOf(pid);
    const mark = await birthMark(pid);
    if (mark === null && !programs.has(program)) continue;
    return `port ${port} is answered by process ${pid} (${program ?? 'unknown program'}), which is no living process of this release`;
  }
  return null;
}

/** Whether nobody but these processes, and what is below them, listens on `port`. */
export async function isServedBy(port: number, processes: readonly AppProcess[]): Promise<boolean> {
  const pids = new Set(processes.map(({ pid }) => pid));
  const listeners = await findListeners(port);
  return (
    listeners.length > 0 && listeners.every((pid) => [pid, ...ancestorsOf(pid)].some((one) => pids.has(one)))
  );
}

async function isResident(pid: number, { processes, home }: Residents): Promise<boolean> {
  const living = new Set(processes.map((process) => process.pid));
  if (living.has(pid) || ancestorsOf(pid).some((ancestor) => living.has(ancestor))) return true;
  if (processes.some(({ mode }) => mode === 'cluster') && pid === (await daemonPid(home))) return true;
  const mark = await birthMark(pid);
  // A server that left its parent still carries the incarnation that it came from.
  return (
    mark !== null &&
    processes.some(({ pmId, startedAt }) => pmId === mark.pmId && startedAt === mark.startedAt)
  );
}

async function programsOf({ processes }: Residents): Promise<ReadonlySet<string | null>> {
  return new Set(await Promise.all(processes.flatMap(({ pid }) => (pid === null ? [] : [programOf(pid)]))));
}
