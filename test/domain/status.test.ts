import assert from 'node:assert/strict';
import test from 'node:test';
import type { Decision } from '../../src/domain/decide.js';
import { GitOpsError } from '../../src/domain/errors.js';
import { NO_LACK } from '../../src/domain/lack.js';
import { afterFailedLook, afterLook } from '../../src/domain/observed.js';
import { incarnations, isOneOf, type AppProcess } from '../../src/domain/process.js';
import { commitOf, statusOf, type StatusFacts } from '../../src/domain/status.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { commit, release, tagRefs } from './releases.js';

const V10 = release('v1.0.0', 1);
const V11 = release('v1.1.0', 2);
const TRAIL = [
  { commit: V10.commit, at: 100 },
  { commit: V11.commit, at: 200 },
];
const WEB: AppProcess = {
  ...{ pmId: 0, name: 'web', pid: 4711, status: 'online', startedAt: 150, mode: 'fork' },
  ...{ cwd: '/srv/shop', script: '/srv/shop/app.js', isModule: false, killTimeoutMs: 1_600 },
};
const DECISION: Decision = {
  ...{ desired: V11, behind: true, why: null, notes: [], step: 'stage', lack: NO_LACK, repair: [] },
};
const FACTS: StatusFacts = {
  identity: {
    ...{ root: '/srv/shop', strategy: 'checkout', channel: 'stable' },
    machine: { id: 'an-id', name: 'vps-07' },
  },
  upgrade: { ...FRESH, active: { release: V10, since: 100, apps: null } },
  ...{ pin: null, policy: null, decision: DECISION, observed: null, processes: [], trail: TRAIL },
  ...{ lastRun: null, nextPoll: 900, worker: null, drift: [], orphans: [], warnings: [], now: 1_000 },
};

test('a process runs the release of its own folder, or else what the root named when it started', () => {
  const folder = (n: number): string => `/srv/shop/releases/v1.0.${n}-${commit(n).slice(0, 7)}`;
  const table: [string, Partial<AppProcess>, string | null][] = [
    ['started before the switch', { startedAt: 150 }, V10.commit],
    ['started after it', { startedAt: 250 }, V11.commit],
    ['started before anything was known', { startedAt: 50 }, null],
    ['its script lies in a release', { script: `${folder(1)}/app.js`, startedAt: 250 }, V10.commit],
    ['its folder is a release', { cwd: folder(1), script: '/usr/bin/npm', startedAt: 250 }, V10.commit],
    [
      'its folder lies in a release',
      { cwd: `${folder(1)}/api`, script: '/usr/bin/npm', startedAt: 250 },
      V10.commit,
    ],
    [
      'on Windows',
      { script: `C:\\shop\\releases\\v1.0.1-${commit(1).slice(0, 7)}\\app.js`, startedAt: 250 },
      V10.commit,
    ],
    ['a release that nobody knows', { script: `${folder(9)}/app.js` }, null],
    [
      'by way of current',
      { cwd: '/srv/shop/current', script: '/srv/shop/current/app.js', startedAt: 250 },
      V11.commit,
    ],
    ['a folder that only looks alike', { script: '/srv/releases/beef/app.js', startedAt: 250 }, V11.commit],
  ];
  for (const [story, more, expected] of table)
    assert.equal(commitOf({ ...WEB, ...more }, TRAIL), expected, story);
});

test('status tells what each process runs; one that does not live runs nothing', () => {
  const stopped = { ...WEB, pmId: 1, pid: null, status: 'stopped' };
  assert.deepEqual(statusOf({ ...FACTS, processes: [WEB, stopped] }).processes, [
    { pmId: 0, name: 'web', pid: 4711, status: 'online', commit: V10.commit, since: 150 },
    { pmId: 1, name: 'web', pid: null, status: 'stopped', commit: null, since: null },
  ]);
});

test('status has every field, null where there is nothing', () => {
  const fresh = { ...FACTS, upgrade: FRESH, decision: { ...DECISION, desired: null, behind: false } };
  assert.deepEqual(statusOf(fresh), {
    ...FACTS.identity,
    ...{
      pin: null,
      policy: null,
      phase: 'idle',
      desired: null,
      staged: null,
      active: null,
      behind: false,
      why: null,
    },
    ...{
      processes: [],
      quarantine: [],
      lastRun: null,
      lastPoll: null,
      nextPoll: 900,
      worker: null,
      drift: [],
      orphans: [],
      warnings: [],
    },
  });
});

test('status tells active, staged, quarantine and the last poll', () => {
  const observed = afterFailedLook(
    afterLook(null, tagRefs('v1.0.0'), { turn: 1, at: 2, tagPrefix: '' }),
    new GitOpsError('SOURCE_UNREACHABLE', 'no network'),
    {
      turn: 3,
      at: 4,
      pace: { trigger: 'turn', pollEveryMs: 300_000, chance: 0.5 },
    },
  );
  const status = statusOf({
    ...FACTS,
    observed,
    upgrade: {
      ...FACTS.upgrade,
      phase: { at: 'staged', release: V11, run: 'r', starts: 1 },
      quarantine: [{ release: release('v1.0.1', 3), cause: 'it crashed', since: 5 }],
    },
  });
  assert.deepEqual(status.active, { ...V10, since: 100 });
  assert.deepEqual(status.staged, V11);
  assert.deepEqual(status.quarantine, [{ ...release('v1.0.1', 3), cause: 'it crashed', since: 5 }]);
  assert.deepEqual(status.lastPoll, {
    ...{ at: 4, ok: false, error: 'no network' },
    outage: { since: 4, failures: 1, until: null, by: 'us' },
  });
});

test('while a worker is at it, that is why the machine is behind', () => {
  const worker = { pid: 4712, run: 'r', startedAt: 300 };
  const why = { open: false, reason: 'offline', until: null, detail: 'no network' } as const;
  const decision = { ...DECISION, why };
  assert.deepEqual(statusOf({ ...FACTS, decision }).why, why);
  assert.equal(
    statusOf({ ...FACTS, decision, worker }).why?.detail,
    'a worker (pid 4712) is idle v1.1.0 (0202020)',
  );
  const upToDate = { ...decision, behind: false };
  assert.deepEqual(statusOf({ ...FACTS, decision: upToDate, worker }).why, why);
});

test('a moved tag and the note of the decision are warnings', () => {
  const look = { turn: 1, at: 2, tagPrefix: '' };
  const first = afterLook(null, tagRefs('v1.0.0'), look);
  const observed = afterLook(first, [{ name: 'refs/tags/v1.0.0', commit: commit(8) }], look);
  const { warnings } = statusOf({
    ...FACTS,
    observed,
    warnings: ['from elsewhere'],
    decision: { ...DECISION, notes: ['a note'] },
  });
  assert.deepEqual(warnings, [
    'from elsewhere',
    'a note',
    'tag v1.0.0 moved from 0101010 to 0808080: not followed; a version never moves, tag a new one',
  ]);
});

test('a policy that cannot be looked for is a warning', () => {
  const policy = { commit: null, error: 'no network' };
  const observed = afterLook(null, [], { turn: 1, at: 2, tagPrefix: '', policy });
  assert.deepEqual(statusOf({ ...FACTS, observed }).warnings, [
    "the fleet's policy cannot be looked for: no network",
  ]);
});

test('an incarnation is one life: entry, pid and start together', () => {
  const lives = incarnations([WEB, { ...WEB, pmId: 1, pid: null }]);
  assert.deepEqual(lives, [{ pmId: 0, pid: 4711, startedAt: 150 }]);
  assert.ok(isOneOf(WEB, lives));
  for (const more of [{ pmId: 1 }, { pid: 4712 }, { startedAt: 151 }, { pid: null }])
    assert.ok(!isOneOf({ ...WEB, ...more }, lives));
});
