import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { heartbeatOf } from '../../src/domain/heartbeat.js';
import { endedSince, noticesOf, type EndedRun, type Sight } from '../../src/domain/news.js';
import { isWanted, NOTICE_EVENTS, type Notice } from '../../src/domain/notice.js';
import type { Instant, Release } from '../../src/domain/release.js';
import { asText, cut, tellNotice } from '../../src/domain/tell-notice.js';
import { freshTold, type Told } from '../../src/domain/told.js';
import { FRESH, type Upgrade } from '../../src/domain/upgrade.js';
import { closed, type Reason } from '../../src/domain/verdict.js';
import { release } from './releases.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const [V10, V11, V12] = [release('v1.0.0', 1), release('v1.1.0', 2), release('v1.2.0', 3)];
const AT_REST: Sight['decision'] = { desired: V10, behind: false, why: null, step: 'nothing' };
const ON_V10: Upgrade = { ...FRESH, active: { release: V10, since: 0, apps: null } };

function sight(change: Partial<Sight> = {}): Sight {
  return {
    ...{ now: 10 * DAY, machine: { id: 'm', name: 'vps-07' }, root: '/srv/shop', ended: [] },
    ...{ upgrade: ON_V10, decision: AT_REST, look: null, moved: [], hold: null },
    ...change,
  };
}

let runs = 0;

function ran(outcome: EndedRun['outcome'], to: Release, change: Partial<EndedRun> = {}): EndedRun {
  runs += 1;
  const id = `20260301-120000-${String(runs).padStart(3, '0')}-ab`;
  const problem = outcome === 'activated' ? null : `${to.tag} did not work\nand more`;
  const reason = outcome === 'activated' ? null : outcome === 'rolledBack' ? 'quarantined' : 'backoff';
  return {
    ...{
      id,
      cause: 'schedule',
      from: V10,
      to,
      startedAt: 0,
      endedAt: runs,
      outcome,
      problem,
      reason,
      phases: [],
    },
    ...change,
  };
}

const behind = (desired: Release, reason: Reason = 'backoff'): Sight['decision'] => ({
  ...{ desired, behind: true, why: closed(reason, null, `${reason} it is`), step: 'wait' },
});

/** What is told of one sight after the other, a list of events for each. */
function story(sights: readonly Sight[]): { events: string[][]; notices: Notice[]; told: Told } {
  let told = freshTold(null);
  const events: string[][] = [];
  const all: Notice[] = [];
  for (const each of sights) {
    const news = noticesOf(told, each);
    told = news.told;
    events.push(news.notices.map(({ event, reminder }) => `${reminder ? 'again ' : ''}${event}`));
    all.push(...news.notices);
  }
  return { events, notices: all, told };
}

const LOST = { since: 5, failures: 2, until: 0, by: 'us' } as const;
const OFFLINE: Sight['look'] = { outage: LOST, error: 'no way', code: 'SOURCE_UNREACHABLE' };
const ONLINE: Sight['look'] = { outage: null, error: null, code: null };

test('each change of outcome is told exactly once, with what it ends', () => {
  const { events, notices } = story([
    sight({ ended: [ran('activated', V11)] }),
    sight(),
    sight({ ended: [ran('rolledBack', V12)], decision: behind(V12, 'quarantined') }),
    sight({ decision: behind(V12, 'quarantined') }),
    sight({ ended: [ran('activated', release('v1.2.1', 4))] }),
    sight(),
  ]);
  assert.deepEqual(events, [['activated'], [], ['rolledBack'], [], ['activated'], []]);
  assert.deepEqual(notices[0]?.ends, null);
  assert.equal(notices[2]?.ends?.event, 'rolledBack');
  assert.equal(notices[1]?.cause, 'v1.2.0 did not work', 'the cause is one line');
  assert.equal(new Set(notices.map(({ id }) => id)).size, 3);
});

test('the same failure is told again after a day, with how often it came; another one at once', () => {
  const failing = (hours: number, reason: Reason = 'backoff') =>
    sight({ now: 10 * DAY + hours * HOUR, ended: [ran('failed', V11, { reason })], decision: behind(V11) });
  const hourly = Array.from({ length: 50 }, (_, hour) => failing(hour));
  const { events, notices } = story([...hourly, failing(50, 'quarantined'), failing(50, 'quarantined')]);
  const told = events.flatMap((each, hour) => each.map((event) => `${hour} ${event}`));
  assert.deepEqual(told, ['0 failed', '24 again failed', '48 again failed', '50 failed']);
  assert.deepEqual(
    notices.map(({ times }) => times),
    [1, 25, 49, 1],
  );
});

test('a failure that ends without a run is told to be over: withdrawn, or another one is pinned', () => {
  const { events, notices } = story([
    sight({ ended: [ran('blocked', V11, { reason: 'dirty' })], decision: behind(V11, 'dirty') }),
    sight({ decision: behind(V11, 'dirty') }),
    sight({ decision: { ...AT_REST, why: closed('pinned', null, 'pinned on v1.0.0') } }),
    sight(),
  ]);
  assert.deepEqual(events, [['blocked'], [], ['recovered'], []]);
  assert.equal(notices[1]?.to, V11);
});

test('a release that another one replaced before its turn is no news', () => {
  assert.deepEqual(story([sight({ ended: [ran('blocked', V11, { reason: null })] })]).events, [[]]);
});

test('what is stuck is told, and again each day although nothing more is tried, until it is led out', () => {
  const stuck: Upgrade = { ...ON_V10, phase: { at: 'stuck', release: V11, run: 'r', cause: 'both broken' } };
  const run = ran('failed', V11, { reason: 'stuck' });
  const at = (hours: number, ended: readonly EndedRun[] = []) =>
    sight({ now: 10 * DAY + hours * HOUR, ended, upgrade: stuck, decision: behind(V11, 'stuck') });
  const back = ran('rolledBack', V11, { id: run.id });
  const { events } = story([
    at(0, [run]),
    at(1),
    at(23.9),
    at(24),
    at(25),
    sight({ ended: [back] }),
    sight(),
  ]);
  assert.deepEqual(events, [['stuck'], [], [], ['again stuck'], [], ['rolledBack', 'recovered'], []]);
});

test('drift that is repaired, and drift that cannot be, is news of its own', () => {
  const drift = { cause: 'drift', from: V10 };
  const { events } = story([
    sight({ ended: [ran('activated', V10, { ...drift, problem: 'current was moved' })] }),
    sight({ ended: [ran('activated', V10, drift)] }),
    sight({ ended: [ran('failed', V10, drift)] }),
    sight({ now: 12 * DAY, ended: [ran('activated', V10, drift)] }),
  ]);
  assert.deepEqual(events, [['repaired'], [], ['unrepaired'], ['repaired']]);
});

test('the loss of the source is told once and each day, its return once', () => {
  const at = (days: number, look: Sight['look']) => sight({ now: (10 + days) * DAY, look });
  const broken = { ...OFFLINE, outage: { ...LOST, failures: 1 } };
  const { events } = story([
    at(0, broken),
    at(0, OFFLINE),
    at(0.5, OFFLINE),
    at(1, OFFLINE),
    at(1, ONLINE),
    at(2, ONLINE),
  ]);
  assert.deepEqual(events, [[], ['offline'], [], ['again offline'], ['online'], []]);
});

test('a hold is told with its reason, another one too, and when it ends', () => {
  const held = (reason: string | null, since = 1) => sight({ hold: { reason, since, until: null } });
  const { events, notices } = story([held('exam'), held('exam', 2), held('audit'), sight(), sight()]);
  assert.deepEqual(events, [['held'], [], ['held'], ['resumed'], []]);
  assert.equal(notices[0]?.cause, 'exam');
});

test('what waits for a person or a window is told once for each release, whatever else closes meanwhile', () => {
  const staged: Upgrade = { ...ON_V10, phase: { at: 'staged', release: V11, run: 'r', starts: 1 } };
  const pending = { ...behind(V11, 'approval'), why: closed('approval', 20 * DAY, 'its checks') };
  const { events } = story([
    sight({ decision: pending }),
    sight({ decision: { ...behind(V11, 'approval'), step: 'learn' } }),
    sight({ decision: behind(V11, 'approval') }),
    sight({ decision: behind(V11, 'held') }),
    sight({ decision: behind(V11, 'approval') }),
    sight({ decision: behind(V11, 'window'), upgrade: staged }),
    sight({ decision: behind(V11, 'frozen'), upgrade: staged }),
    sight({ ended: [ran('activated', V11)], decision: { ...AT_REST, desired: V11 } }),
    sight({ decision: behind(V12, 'major') }),
    sight({ decision: behind(V12, 'soak') }),
  ]);
  assert.deepEqual(events, [[], [], ['approval'], [], [], ['staged'], [], ['activated'], ['approval'], []]);
});

test('moved tags are told once, however many there are, and again where they move on', () => {
  const tag = (n: number, now = '2'): Sight['moved'][number] => ({ tag: `v${n}`, seen: '1', now });
  const many = Array.from({ length: 10_000 }, (_, n) => tag(n));
  const { events, notices, told } = story([
    sight({ moved: many.slice(0, 1) }),
    sight({ moved: many.slice(0, 1) }),
    sight({ moved: many }),
    sight({ moved: [tag(0, '3'), ...many.slice(1)] }),
    sight(),
  ]);
  assert.deepEqual(events, [['tampered'], [], ['tampered'], ['tampered'], []]);
  assert.match(notices[1]?.cause ?? '', /^tag v1 moved .*; and so did 98 more$/);
  assert.deepEqual(told.concerns, []);
});

test('a signature that does not hold is more than a blocked run', () => {
  const refused = sight({
    ended: [ran('blocked', V11, { reason: 'unverified' })],
    decision: behind(V11, 'unverified'),
  });
  assert.deepEqual(story([refused]).events, [['unverified']]);
});

test('a clock that is set back keeps nothing from being told for longer than a day', () => {
  const at = (now: Instant) => sight({ now, look: OFFLINE });
  const { events } = story([at(1_000 * DAY), at(10 * DAY), at(10.9 * DAY), at(11 * DAY)]);
  assert.deepEqual(events, [['offline'], [], [], ['again offline']]);
});

test('of a list of runs those are told that ended since the last one, oldest first, and one that ended again', () => {
  const [a, b, c] = [ran('failed', V11), ran('blocked', V11), ran('activated', V11)];
  const open = { ...ran('failed', V12), endedAt: null, outcome: null };
  const ids = (told: Told['end']) => endedSince(told, [open, c, b, a]).map(({ id }) => id);
  assert.deepEqual(ids(null), [a.id, b.id, c.id]);
  assert.deepEqual(ids({ run: b.id, at: b.endedAt }), [c.id]);
  assert.deepEqual(ids({ run: b.id, at: b.endedAt - 1 }), [b.id, c.id]);
  assert.deepEqual(ids({ run: c.id, at: c.endedAt }), []);
});

test('whatever happened, a second look at the same records tells nothing, and one look tells what many would', () => {
  const outcome = fc.constantFrom('activated', 'rolledBack', 'failed', 'blocked');
  const kind = fc.record({
    ...{ outcome, to: fc.constantFrom(V11, V12), cause: fc.constantFrom('schedule', 'drift') },
    reason: fc.constantFrom<(Reason | null)[]>(null, 'dirty', 'backoff', 'unverified'),
  });
  const shown = fc.record({
    look: fc.constantFrom(null, OFFLINE, ONLINE),
    hold: fc.constantFrom(null, { reason: 'exam', since: 1, until: null }),
    moved: fc.constantFrom([], [{ tag: 'v1', seen: '1', now: '2' }]),
    decision: fc.constantFrom(AT_REST, behind(V11, 'approval'), behind(V12, 'window')),
  });
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 8 }), shown, (kinds, what) => {
      const ended = kinds.map(({ outcome: came, to, ...rest }) => ran(came, to, rest));
      const once = noticesOf(freshTold(null), sight({ ended, ...what }));
      assert.equal(noticesOf(once.told, sight(what)).told, once.told, 'nothing is new');
      const told = ended.reduce(
        (before, run) => noticesOf(before, sight({ ended: [run], ...what })).told,
        freshTold(null),
      );
      const apart = noticesOf(told, sight(what)).told;
      assert.deepEqual(apart.end, once.told.end);
      const activated = ended.filter((run) => run.outcome === 'activated' && run.cause !== 'drift').length;
      assert.equal(once.notices.filter(({ event }) => event === 'activated').length, activated);
    }),
  );
});

test('a sink hears from its level on, of its events, and the end of what it heard', () => {
  const ends = (event: Notice['event']) => ({ event, since: 1, times: 1 });
  const table: [Partial<Notice>, Parameters<typeof isWanted>[1], boolean][] = [
    [{ event: 'activated' }, { level: 'info', events: null }, true],
    [{ event: 'activated' }, { level: 'warning', events: null }, false],
    [{ event: 'blocked' }, { level: 'warning', events: null }, true],
    [{ event: 'rolledBack' }, { level: 'problem', events: ['failed'] }, false],
    [{ event: 'activated', ends: ends('failed') }, { level: 'problem', events: ['failed'] }, true],
    [{ event: 'activated', ends: ends('blocked') }, { level: 'problem', events: null }, false],
  ];
  for (const [{ event = 'test', ends: over = null }, taste, wanted] of table)
    assert.equal(isWanted({ event, ends: over }, taste), wanted, `${event} for ${JSON.stringify(taste)}`);
});

test('every event has its sentence, and a text is cut to what fits, notes first, never within a character', () => {
  for (const event of Object.keys(NOTICE_EVENTS).filter(
    (name): name is Notice['event'] => name in NOTICE_EVENTS,
  )) {
    const [notice] = story([sight({ ended: [ran('rolledBack', V11)] })]).notices;
    assert.ok(notice !== undefined);
    const text = tellNotice({ ...notice, event, release: { title: 'Spring', notes: '😀'.repeat(500) } });
    assert.match(text.headline, /^✗ vps-07: \S.*\S$/);
    const bytes = asText(text, 700, (whole) => Buffer.byteLength(whole));
    assert.ok(
      Buffer.byteLength(bytes) <= 700 && bytes.includes('/srv/shop') && !bytes.includes('\ufffd'),
      bytes,
    );
    assert.doesNotMatch(bytes, /\p{Surrogate}/u);
  }
  assert.equal(cut('abc', 3), 'abc');
  assert.equal(cut('abcd', 3), 'ab…');
});

test('a machine is down for its switch while it cannot do its work, and not because a release was no good', () => {
  const stuck: Upgrade = { ...ON_V10, phase: { at: 'stuck', release: V11, run: 'r', cause: 'both broken' } };
  const bad = { release: V11, cause: 'it crashed', since: 1 };
  assert.deepEqual(heartbeatOf({ upgrade: ON_V10, look: ONLINE }), {
    up: true,
    words: 'v1.0.0 (0101010) runs',
  });
  assert.equal(heartbeatOf({ upgrade: { ...ON_V10, quarantine: [bad] }, look: null }).up, true);
  assert.deepEqual(heartbeatOf({ upgrade: stuck, look: ONLINE }), { up: false, words: 'stuck: both broken' });
  assert.deepEqual(heartbeatOf({ upgrade: ON_V10, look: OFFLINE }), {
    up: false,
    words: 'the source is lost: no way',
  });
});
