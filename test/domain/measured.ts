import type { MetricsFacts } from '../../src/domain/metrics.js';
import { afterLook, afterTurnLeftOut } from '../../src/domain/observed.js';
import type { Status } from '../../src/domain/status.js';
import { release, tagRefs } from './releases.js';

/** Two releases. */
export const V10 = release('v1.0.0', 1);
export const V11 = release('v1.1.0', 2);
/** A look. */
export const LOOK = { turn: 10_000, at: 11_000, tagPrefix: '' };
const PROCESS = { pmId: 0, name: 'web', pid: 1, status: 'online', commit: V10.commit, since: 1 };
/** A machine on which nothing has happened. */
export const FRESH: Status = {
  ...{ root: '/srv/shop', strategy: 'releases', machine: { id: 'an-id', name: 'vps-07' } },
  ...{ channel: 'stable', pin: null, policy: null, phase: 'idle', desired: null, staged: null },
  ...{ active: null, behind: false, why: null, processes: [], quarantine: [], lastRun: null },
  ...{ lastPoll: null, nextPoll: 310_000, worker: null, drift: [], orphans: [], warnings: [] },
};
/** A machine of which every measure has a value. */
export const FULL: MetricsFacts = {
  status: {
    ...FRESH,
    ...{ phase: 'proving', desired: V11, active: { ...V10, since: 5_000 }, behind: true },
    why: { open: false, reason: 'window', until: null, detail: 'opens "02:00"' },
    processes: [
      PROCESS,
      { ...PROCESS, pmId: 1, commit: V11.commit },
      { ...PROCESS, pmId: 2, pid: null, status: 'waiting restart', commit: null },
    ],
    quarantine: [{ ...release('v1.0.1', 3), cause: 'crashes', since: 1 }],
    lastRun: {
      ...{ id: 'r', cause: 'schedule', from: null, to: V10, startedAt: 1_000, endedAt: 5_500 },
      ...{ outcome: 'rolledBack', problem: 'token s3cret', reason: 'quarantined', phases: [] },
    },
    lastPoll: {
      ...{ at: 20_000, ok: false, error: 'cannot reach https://me@host' },
      outage: { since: 1, failures: 3, until: null, by: 'us' },
    },
    worker: { pid: 9, run: 'r', startedAt: 30_000 },
    warnings: ['a warning'],
  },
  observed: afterTurnLeftOut(afterLook(null, tagRefs('v1.0.0', 'v1.1.0'), LOOK), 20_000),
  ...{ behindSince: 40_000, version: '1.2.3', now: 100_500 },
  poller: { residentBytes: 50_000_000, cpuSeconds: 1.25, startedAt: 60_000 },
};
