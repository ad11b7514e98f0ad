import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { mendableKinds, repairedAgain, type Drift, type DriftKind } from '../../src/domain/drift.js';
import { next } from '../../src/domain/next.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import { NO_COMMIT, releaseFolder } from '../../src/domain/release.js';
import { driftOf, foreignSteps, isLookDue, type StandingProcess } from '../../src/domain/standing.js';
import { tellDrift } from '../../src/domain/tell-drift.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { factsWith } from './facts.js';
import { commit, release } from './releases.js';

const [V10, V11] = [release('v1.0.0', 1), release('v1.1.0', 2)];
const ACTIVE = { release: V11, since: 200, apps: null };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEB: StandingProcess = {
  ...{ pmId: 0, name: 'web', pid: 4711, status: 'online', startedAt: 300, mode: 'fork' },
  ...{
    cwd: '/srv/current',
    script: 'a.js',
    isModule: false,
    killTimeoutMs: 1_600,
    folder: null,
    held: false,
  },
};
const TRAIL = [
  { commit: V10.commit, at: 100 },
  { commit: V11.commit, at: 190 },
];
const POINTER: Drift = { kind: 'pointer', found: 'is gone' };
const PROCESS: Drift = { kind: 'process', pmId: 0, name: 'web', commit: V10.commit, held: false };
const FILES: Drift = { kind: 'files', paths: ['a.js'] };
const EDITS: Drift = { kind: 'edits', paths: ['b.js'], own: true };
const HEAD: Drift = { kind: 'head', found: V10.commit };

test('which processes run something else than the active release', () => {
  const away = [...TRAIL, { commit: V10.commit, at: 250 }];
  const back = [...away, { commit: V11.commit, at: 400 }];
  const unknown = [...TRAIL, { commit: NO_COMMIT, at: 250 }];
  const table: [string, Partial<StandingProcess>, typeof TRAIL, string | null | undefined][] = [
    ['started since, from what is active', {}, TRAIL, undefined],
    ['started while the root named another', {}, away, V10.commit],
    ['the root is back, it is not', {}, back, V10.commit],
    ['started after the root was back', { startedAt: 500 }, back, undefined],
    ['started while the root named nobody knows what', {}, unknown, null],
    ['proven with the release, whatever clocks say', { startedAt: 150 }, away, undefined],
    ['stopped', { pid: null }, away, undefined],
    ['it stands in the active folder', { folder: releaseFolder(V11) }, away, undefined],
    [
      'it stands in another folder, though proven',
      { folder: releaseFolder(V10), startedAt: 150 },
      TRAIL,
      V10.commit,
    ],
    ['in a folder that nobody knows', { folder: 'mine' }, TRAIL, null],
  ];
  for (const [story, more, trail, expected] of table) {
    const found = driftOf({
      active: ACTIVE,
      moved: null,
      processes: [{ ...WEB, ...more }],
      trail,
      files: null,
    });
    const [drift] = found;
    assert.equal(drift?.kind === 'process' ? drift.commit : undefined, expected, story);
  }
});

test('a reflog step that a step of ours accounts for is no foreign one, and each accounts for one', () => {
  const own = [{ commit: commit(1), at: 10_400 }];
  const reflog = [10_000, 40_000].map((at) => ({ commit: commit(1), at }));
  assert.deepEqual(foreignSteps(reflog, own, DAY), [{ commit: commit(1), at: 40_000 }]);
  assert.deepEqual(foreignSteps([{ commit: commit(2), at: 10_000 }], own, DAY).length, 1);
  assert.deepEqual(foreignSteps([{ commit: commit(1), at: 90_000 }], own, DAY).length, 1);
});

test('steps of ours are known again, and those of people stay in their order, though the clock was set back', () => {
  // Somebody's move and ours on a clock that was ahead, then ours: `next` put the step before no later than that.
  const reflog = [
    { commit: commit(3), at: DAY },
    { commit: commit(1), at: DAY + 1 },
    { commit: commit(2), at: HOUR },
  ];
  const own = [1, 2].map((digit) => ({ commit: commit(digit), at: HOUR }));
  assert.deepEqual(foreignSteps(reflog, own, 2 * DAY), [{ commit: commit(3), at: HOUR }]);
  // Set back while it was proven.
  const ahead = [{ commit: commit(1), at: DAY }];
  assert.deepEqual(foreignSteps(ahead, own, 2 * HOUR), []);
});

test('what is repaired by itself, and what only if a person asks', () => {
  const held: Drift = { ...PROCESS, held: true };
  const theirs: Drift = { ...EDITS, own: false };
  const table: [Drift[], DriftKind[], DriftKind[]][] = [
    [
      [POINTER, PROCESS, PROCESS],
      ['pointer', 'process'],
      ['pointer', 'process'],
    ],
    [[held], [], []],
    [[HEAD, PROCESS], [], []],
    [[FILES], ['files'], ['files']],
    [[FILES, EDITS], [], ['files', 'edits']],
    [[EDITS], [], ['edits']],
    [[theirs], [], []],
  ];
  for (const [drifts, alone, asked] of table) {
    assert.deepEqual(mendableKinds(drifts, { repairs: [], asked: false, now: 1 }), alone);
    assert.deepEqual(mendableKinds(drifts, { repairs: [], asked: true, now: 1 }), asked);
  }
});

test('what comes back waits an hour, a day, a week, and is forgotten after two weeks', () => {
  const may = (repairs: ReturnType<typeof repairedAgain>, now: number): boolean =>
    mendableKinds([POINTER], { repairs, asked: false, now }).length > 0;
  const once = repairedAgain([], ['pointer'], 1_000);
  assert.deepEqual([may(once, 1_000), may(once, 999 + HOUR), may(once, 1_000 + HOUR)], [false, false, true]);
  const twice = repairedAgain(once, ['pointer'], 1_000 + HOUR);
  assert.deepEqual([may(twice, 2 * HOUR), may(twice, 1_000 + HOUR + DAY)], [false, true]);
  const often = repairedAgain(repairedAgain(twice, ['pointer'], 3 * DAY), ['pointer'], 12 * DAY);
  assert.deepEqual([may(often, 18 * DAY), may(often, 19 * DAY)], [false, true]);
  assert.equal(repairedAgain(often, ['pointer'], 27 * DAY)[0]?.times, 1);
  assert.ok(may(once, 500), 'written before the clock was set back');
  assert.deepEqual(mendableKinds([FILES], { repairs: often, asked: false, now: 12 * DAY }), ['files']);
});

test('drift is told with who repairs it, when, and what a person can do', () => {
  const repairs = repairedAgain([], ['pointer'], 1_000);
  const terms = { active: ACTIVE, allowed: true, repairs, asked: false, now: 2_000 };
  const told = tellDrift([POINTER, PROCESS, EDITS], terms);
  assert.deepEqual(
    told.map(({ repair, until }) => [repair, until]),
    [
      ['later', 1_000 + HOUR],
      ['poll', null],
      ['person', null],
    ],
  );
  assert.match(told[0]?.detail ?? '', /^current is gone, not v1\.1\.0 .*it came back after a repair$/);
  assert.deepEqual(
    tellDrift([POINTER, PROCESS], { ...terms, allowed: false }).map(({ repair }) => repair),
    ['person', 'person'],
  );
});

test('drift is repaired where nothing else is to be done, never under hold, and by report only for a person', () => {
  const upgrade = { ...FRESH, active: ACTIVE, highest: V11, trail: TRAIL };
  const facts = factsWith({ upgrade, drift: [POINTER] });
  const impatient = { ...NO_REQUEST, impatient: true };
  const hold = { ...NO_ORDERS, hold: { reason: null, since: 1, until: null } };
  const pin = { ...NO_ORDERS, pin: { release: V10, since: 1, until: null } };
  const quarantine = [{ release: V10, cause: 'it crashed', since: 1 }];
  const table: [string, Partial<Facts>, string][] = [
    ['at rest', {}, 'repair'],
    ['nothing drifted', { drift: [] }, 'nothing'],
    ['held', { orders: hold }, 'nothing'],
    ['held, though a person asks', { orders: hold, request: impatient }, 'nothing'],
    ['report', { driftPolicy: 'report' }, 'nothing'],
    ['report, and a person asks', { driftPolicy: 'report', request: impatient }, 'repair'],
    ['a new release replaces it anyway', { orders: pin }, 'stage'],
    ['no new release comes', { orders: pin, upgrade: { ...upgrade, quarantine } }, 'repair'],
    [
      'stuck',
      { upgrade: { ...upgrade, phase: { at: 'stuck', release: V10, run: 'r', cause: 'x' } } },
      'nothing',
    ],
  ];
  for (const [story, more, step] of table) assert.equal(decide({ ...facts, ...more }).step, step, story);
});

test('a repair leaves the active release, its past and its quarantine as they are, and counts from its beginning', () => {
  const upgrade = { ...FRESH, active: ACTIVE, previous: V10, highest: V11, trail: TRAIL };
  const drifted = { type: 'drifted', run: 'r', kinds: ['pointer'], cause: 'is gone', at: 1_000 } as const;
  const mended = { type: 'mended', old: [], steps: [{ commit: V11.commit, at: 1_001 }] } as const;
  for (const end of [
    { type: 'healthy', apps: null, ranks: false, at: 1_002 },
    { type: 'unhealthy', cause: 'it crashed', at: 1_002 },
  ] as const) {
    const after = [drifted, mended, end].reduce(next, upgrade);
    assert.deepEqual(after, {
      ...upgrade,
      ...{ trail: [...TRAIL, { commit: V11.commit, at: 1_001 }], begun: 'r' },
      repairs: [{ kind: 'pointer', times: 1, at: 1_000, until: 1_000 + HOUR }],
      begun: 'r',
    });
    assert.deepEqual(next(after, { type: 'retried', commit: null }).repairs, []);
  }
});

test('files are compared again after a day, after a start of the machine, and on a clock that was set back', () => {
  const terms = { now: 10 * DAY, bootedAt: 5 * DAY };
  assert.ok(!isLookDue(terms.now - DAY + 1, terms));
  for (const last of [null, terms.now - DAY, terms.now + 1]) assert.ok(isLookDue(last, terms));
  assert.ok(isLookDue(terms.now - HOUR, { ...terms, bootedAt: terms.now - 1 }));
});
