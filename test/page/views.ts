import { GATES, type GateName, type GateReport } from '../../src/domain/gates.js';
import type { Run, RunPhase } from '../../src/domain/run.js';
import type { ProcessStatus, Status } from '../../src/domain/status.js';
import { closed, OPEN, type Closed } from '../../src/domain/verdict.js';
import type { LoggedLine, PageView, RootFacts, RunView } from '../../src/page/view.js';
import { release } from '../domain/releases.js';

/** The moment at which all views are looked at. */
export const NOW = Date.parse('2026-11-24T18:43:05.000Z');
const [MINUTE, HOUR] = [60_000, 3_600_000];
const [V10, V11, V12] = [release('v1.0.0', 0x1a), release('v1.1.0', 0x5d), release('v1.2.0', 0x7f)];

/** A name that does all that a name can do to a page. */
export const HOSTILE = `v1"><img src=x onerror="document.title='pwned'"></style></script><script>document.title='pwned'</script>\u202e\u0007&amp;'`;

const IDLE: Status = {
  ...{ root: '/srv/shop', strategy: 'releases', machine: { id: 'a-machine', name: 'vps-07' } },
  ...{ channel: 'stable', pin: null, policy: null, phase: 'idle', desired: V11, staged: null },
  ...{ active: { ...V11, since: NOW - 75 * HOUR }, behind: false, why: null },
  processes: processes(V11.commit),
  ...{ quarantine: [], lastRun: null, worker: null, drift: [], orphans: [], warnings: [] },
  lastPoll: { at: NOW - 2 * MINUTE, ok: true, error: null, outage: null },
  nextPoll: NOW + 3 * MINUTE,
};

const ACTIVATED = run(1, {
  ...{ from: V10, to: V11, outcome: 'activated', endedAt: NOW - 75 * HOUR },
  phases: [
    ['staging', 75 * HOUR + 84_000],
    ['staged', 75 * HOUR + 43_000],
    ['activating', 75 * HOUR + 42_000],
    ['proving', 75 * HOUR + 40_800],
  ],
});

/** A root that is where it should be. */
export function idle(): RootFacts {
  return {
    status: IDLE,
    ...{ gates: [], opening: null, missed: null },
    rules: [
      { rule: 'channel', value: 'stable', from: 'gitops.json', counts: true },
      { rule: 'soak', value: '2 h', from: 'gitops.json', counts: true },
    ],
    runs: [ACTIVATED, run(2, { from: null, to: V10, outcome: 'activated', cause: 'apply' })],
  };
}

/** A root whose release is staged, and whose window is closed; it follows a policy. */
export function behindWindow(): RootFacts {
  const opens = NOW + 5 * HOUR + 17 * MINUTE;
  const why = closed('window', opens, 'opens Wed 01:00 Europe/Berlin');
  return {
    ...idle(),
    status: {
      ...IDLE,
      ...{ phase: 'staged', desired: V12, staged: V12, behind: true, why },
      policy: {
        ...{ commit: V10.commit, version: 14, group: 'canaries', expires: NOW + 900 * HOUR, problem: null },
      },
      warnings: ['the tag v1.0.9 was moved from 2b2b2b2 to 3c3c3c3; nothing follows it'],
    },
    gates: gates({ window: why }),
    opening: { from: opens, to: opens + 3 * HOUR },
    rules: [
      { rule: 'channel', value: 'beta', from: 'policy, group canaries', counts: true },
      { rule: 'channel', value: 'stable', from: 'gitops.json', counts: false },
      { rule: 'window', value: 'Mon–Fri 01:00–04:00 Europe/Berlin', from: 'policy', counts: true },
      { rule: 'wave', value: '5 % at once, 50 % after 2 h, all after 6 h', from: 'policy', counts: true },
    ],
    runs: [
      run(9, {
        ...{ from: V11, to: V12, outcome: null, endedAt: null, cause: 'schedule' },
        phases: [
          ['staging', 40 * MINUTE],
          ['staged', 39 * MINUTE],
        ],
      }),
      ...idle().runs,
    ],
  };
}

/** A root that put a bad release into quarantine. */
export function quarantined(): RootFacts {
  const cause =
    "web 0 is not healthy: it exits with 1 again and again\nthe last lines of its error log:\nTypeError: Cannot read properties of undefined (reading 'connect')\n    at Pool.open (/srv/shop/releases/v1.2.0-7f7f7f7/lib/pool.js:41:18)";
  const why = closed(
    'quarantined',
    null,
    'v1.2.0 (7f7f7f7) failed here: web 0 is not healthy; pm2-gitops retry, or a new release',
  );
  return {
    ...idle(),
    status: {
      ...IDLE,
      ...{ desired: V12, behind: true, why, quarantine: [{ ...V12, cause, since: NOW - 2 * HOUR }] },
      drift: [
        {
          ...{
            kind: 'process',
            detail: 'web 3 runs v1.0.0 (1a1a1a1), not v1.1.0 (5d5d5d5)',
            repair: 'later',
          },
          ...{ until: NOW + HOUR, mend: 'pm2-gitops apply' },
        },
      ],
      orphans: [
        {
          ...{ pid: 9_120, command: 'node scripts/report.js --daily', since: NOW - 2 * HOUR },
          ...{ pmId: 2, name: 'jobs', count: 3 },
        },
      ],
    },
    gates: gates({ quarantine: why }),
    runs: [
      run(8, {
        ...{ from: V11, to: V12, outcome: 'rolledBack', endedAt: NOW - 2 * HOUR, problem: cause },
        phases: [
          ['staging', 2 * HOUR + 92_000],
          ['activating', 2 * HOUR + 31_000],
          ['proving', 2 * HOUR + 30_000],
          ['rollingBack', 2 * HOUR + 12_000],
        ],
      }),
      ...idle().runs,
    ],
  };
}

/** A root whose way back failed, and whose source is lost. */
export function stuck(): RootFacts {
  const detail =
    'v1.2.0 (7f7f7f7) is not healthy: web 0 exits; then the way back failed: pm2 refused the restart of web 0: no such file /srv/shop/releases/v1.1.0-5d5d5d5';
  const error = 'https://git.example.com/shop.git cannot be reached: connection refused';
  return {
    ...quarantined(),
    status: {
      ...IDLE,
      ...{ phase: 'stuck', desired: V12, behind: true, why: closed('stuck', null, detail) },
      processes: [...processes(V12.commit, 'errored').slice(0, 2), ...processes(V11.commit).slice(2)],
      lastPoll: {
        ...{ at: NOW - HOUR, ok: false, error },
        outage: { since: NOW - 3 * HOUR, failures: 7, until: NOW + HOUR, by: 'us' },
      },
      nextPoll: NOW + HOUR,
    },
    opening: 'never',
  };
}

/** A root in which a worker stages a release. */
export function staging(): RootFacts {
  const why: Closed = closed('busy', null, 'a worker (pid 8123) is staging v1.2.0 (7f7f7f7)');
  return {
    ...idle(),
    status: {
      ...IDLE,
      ...{ phase: 'staging', desired: V12, behind: true, why },
      worker: { pid: 8_123, run: runName(7), startedAt: NOW - 48_000 },
    },
    gates: gates({}),
    runs: [
      {
        ...run(7, { ...{ from: V11, to: V12, outcome: null, endedAt: null }, phases: [['staging', 48_000]] }),
        log: { lines: lines(NOW - 48_000, 12), omitted: 0 },
      },
      ...idle().runs,
    ],
  };
}

/** A root in which nothing has happened yet. */
export function empty(): RootFacts {
  return {
    ...idle(),
    status: {
      ...IDLE,
      ...{ active: null, desired: null, processes: [], lastPoll: null },
      nextPoll: NOW + MINUTE,
      warnings: ['pm2 does not run here: no daemon answers at /home/shop/.pm2/rpc.sock'],
    },
    rules: [{ rule: 'channel', value: 'stable', from: 'gitops.json', counts: true }],
    runs: [],
  };
}

/** A root with a run of many steps that went wrong for a long-winded reason. */
export function longWinded(): RootFacts {
  const problem = `the build failed: npm run build ended with 2\n${Array.from({ length: 30 }, (_, index) => `src/checkout/basket-${index}.ts(${index * 7 + 3},${index + 1}): error TS2345: Argument of type 'string | undefined' is not assignable to parameter of type 'string'.`).join('\n')}`;
  const [first] = quarantined().runs;
  return {
    ...quarantined(),
    runs: [
      {
        ...(first ?? ACTIVATED),
        ...{ outcome: 'failed', problem },
        log: { lines: lines(NOW - 3 * HOUR, 20), omitted: 4_180 },
      },
      ...idle().runs,
    ],
  };
}

/** A root in which every text from outside is hostile. */
export function hostile(): RootFacts {
  const evil = { ...release(HOSTILE, 0x66), since: NOW - HOUR, cause: HOSTILE };
  const why = closed('held', NOW + HOUR, HOSTILE);
  const [first] = idle().runs;
  return {
    status: {
      ...{
        root: `/srv/${HOSTILE}`,
        strategy: HOSTILE,
        machine: { id: HOSTILE, name: HOSTILE },
        channel: HOSTILE,
      },
      ...{ pin: evil, phase: HOSTILE, desired: evil, staged: evil, active: evil, behind: true, why },
      policy: { commit: evil.commit, version: 1, group: HOSTILE, expires: NOW, problem: HOSTILE },
      processes: [{ pmId: 0, name: HOSTILE, pid: 1, status: HOSTILE, commit: HOSTILE, since: NOW }],
      ...{ quarantine: [evil], lastRun: null, nextPoll: NOW, worker: null, warnings: [HOSTILE] },
      lastPoll: { at: NOW, ok: false, error: HOSTILE, outage: null },
      drift: [{ kind: 'pointer', detail: HOSTILE, repair: 'person', until: null, mend: HOSTILE }],
      orphans: [{ pid: 1, command: HOSTILE, since: NOW, pmId: 0, name: HOSTILE, count: 2 }],
    },
    gates: gates({ hold: why }),
    rules: [{ rule: HOSTILE, value: HOSTILE, from: HOSTILE, counts: false }],
    ...{ opening: null, missed: null },
    runs: [
      {
        ...(first ?? ACTIVATED),
        ...{ id: HOSTILE, cause: HOSTILE, problem: HOSTILE, from: evil, to: evil, logAddress: HOSTILE },
        log: { lines: [{ at: NOW, kind: 'step', text: HOSTILE }], omitted: 2 },
      },
    ],
  };
}

/** A page of these roots. */
export function viewOf(...roots: readonly RootFacts[]): PageView {
  return { roots: roots.map((facts) => ({ read: true, ...facts })), now: NOW, zone: 'Europe/Berlin' };
}

function processes(commit: string, status = 'online'): ProcessStatus[] {
  return Array.from({ length: 6 }, (_, pmId) => ({
    ...{ pmId, name: pmId < 4 ? 'web' : 'jobs', pid: status === 'online' ? 4_711 + pmId : null },
    ...{ status, commit, since: NOW - 75 * HOUR + pmId * MINUTE },
  }));
}

function gates(closedOnes: Partial<Record<GateName, Closed>>): GateReport[] {
  const names: GateName[] = ['stuck', 'hold', 'tombstone', 'signature', 'quarantine', 'backoff'];
  return [...names, ...(['soak', 'wave', 'freeze', 'window'] as const)].map((gate) => ({
    gate: gate in GATES ? gate : 'stuck',
    verdict: closedOnes[gate] ?? OPEN,
  }));
}

function runName(nth: number): string {
  return `20261124-1842${String(nth).padStart(2, '0')}-017-a1b2`;
}

type Told = Pick<Run, 'from' | 'to' | 'outcome'> &
  Partial<Pick<Run, 'endedAt' | 'cause' | 'problem'>> & {
    readonly phases?: readonly [RunPhase['at'], number][];
  };

function run(nth: number, { phases = [], ...told }: Told): RunView {
  const startedAt = NOW - (phases[0]?.[1] ?? 200 * HOUR);
  return {
    ...{ id: runName(nth), cause: 'schedule', startedAt, endedAt: startedAt + 41_000, problem: null },
    reason: null,
    ...told,
    phases: phases.map(([at, before]) => ({ at, since: NOW - before })),
    ...{ log: null, logAddress: `log/0/${runName(nth)}` },
  };
}

function lines(from: number, steps: number): LoggedLine[] {
  return Array.from({ length: steps }, (_, index): LoggedLine[] => [
    { at: from + index * 3_700, kind: 'step', text: STEPS[index % STEPS.length] ?? '' },
    {
      at: from + index * 3_700 + 400,
      kind: 'output',
      text: 'added 412 packages, and audited 413 packages in 3s',
    },
  ]).flat();
}

const STEPS = [
  'fetch v1.2.0 (7f7f7f7)',
  'check it out to stage/20261124-184207-017-a1b2',
  'link the shared paths: .env, uploads, storage/a-folder-with-a-very-long-name-that-somebody-once-chose',
  'npm ci, with npm 10.8.2 as package-lock.json asks',
  'npm run build',
];
