import type { Instant } from './release.js';

/** One entry of pm2's list. */
export interface AppProcess {
  readonly pmId: number;
  readonly name: string;
  /** Null while no process lives behind the entry. */
  readonly pid: number | null;
  /** pm2's own word: online, launching, stopping, stopped, errored, waiting restart, one-launch-status. */
  readonly status: string;
  /** When pm2 started this incarnation (`pm_uptime`). */
  readonly startedAt: Instant;
  /** `pm_cwd` and `pm_exec_path`, as pm2 has them: text, not resolved. */
  readonly cwd: string;
  readonly script: string;
  readonly mode: 'fork' | 'cluster';
  /** Whether it belongs to pm2's own modules, which nobody restarts. */
  readonly isModule: boolean;
  /** `kill_timeout` in milliseconds. */
  readonly killTimeoutMs: number;
}

/** One life of a process: pm2 may give the entry another pid, and the system may give the pid to another process. */
export interface Incarnation {
  readonly pmId: number;
  readonly pid: number;
  readonly startedAt: Instant;
}

/** The living incarnations among some processes. */
export function incarnations(processes: readonly AppProcess[]): Incarnation[] {
  return processes.flatMap(({ pmId, pid, startedAt }) => (pid === null ? [] : [{ pmId, pid, startedAt }]));
}

/** Whether the process still is one of those incarnations. */
export function isOneOf(process: AppProcess, known: readonly Incarnation[]): boolean {
  return known.some(
    (life) => life.pmId === process.pmId && life.pid === process.pid && life.startedAt === process.startedAt,
  );
}
