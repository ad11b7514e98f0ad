import type { RestartConfig } from '../config/release.js';
import { incarnations, isOneOf, type AppProcess, type Incarnation } from '../domain/process.js';

/** Processes that change over together, and are proven together before anything else is touched. */
export interface Wave<P extends AppProcess> {
  readonly how: 'restart' | 'reload' | 'leave';
  readonly members: readonly P[];
}

/**
 * The order in which processes change over. What already runs in a new incarnation is left as it is but proven first,
 * so that the work can be done again after a crash; a process that a person stopped stays out of it.
 */
export function planWaves<P extends AppProcess>(
  processes: readonly P[],
  old: readonly Incarnation[],
  restart: RestartConfig,
): Wave<P>[] {
  const wanted = processes.filter(isWanted);
  const isNew = (process: P): boolean => incarnations([process]).length > 0 && !isOneOf(process, old);
  const changed = wanted.filter(isNew);
  const pending = wanted.filter((process) => !isNew(process));
  const reloads = (process: P): boolean =>
    process.mode === 'cluster' && restart.mode !== 'restart' && process.pid !== null;
  const first = pending.slice(0, Math.max(0, restart.first - changed.length));
  const rest = pending.slice(first.length);
  const batches = inBatches(
    rest.filter((process) => !reloads(process)),
    restart.batch,
  );
  const left = [{ how: 'leave' as const, members: changed }];
  // Where all may change over at once, nobody waits for a canary: what is broken is mended first, and what stayed is proven last.
  const cautious = restart.first < wanted.length;
  return [
    ...(cautious ? left : []),
    { how: 'restart' as const, members: first.filter((process) => !reloads(process)) },
    ...first.filter(reloads).map(alone),
    ...batches.map((members) => ({ how: 'restart' as const, members })),
    ...rest.filter(reloads).map(alone),
    ...(cautious ? [] : left),
  ].filter(({ members }) => members.length > 0);
}

/** Whether a process should be alive: it is, or it died without anybody having stopped it. */
function isWanted({ pid, status }: AppProcess): boolean {
  return pid !== null || status !== 'stopped';
}

// One by one: a reload of a crashing release takes the healthy worker away as well.
function alone<P extends AppProcess>(process: P): Wave<P> {
  return { how: 'reload', members: [process] };
}

function inBatches<P>(all: readonly P[], size: number | null): P[][] {
  const step = size ?? all.length;
  return Array.from({ length: step === 0 ? 0 : Math.ceil(all.length / step) }, (_, i) =>
    all.slice(i * step, (i + 1) * step),
  );
}
