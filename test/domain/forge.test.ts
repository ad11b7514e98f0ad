import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../src/domain/decide.js';
import type { Facts } from '../../src/domain/facts.js';
import {
  NO_FORGE_RECORD,
  type CheckState,
  type Forge,
  type ForgeRecord,
  type WantedChecks,
} from '../../src/domain/forge.js';
import { gateReports } from '../../src/domain/gate-reports.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { Instant, Release } from '../../src/domain/release.js';
import { NOW, own, serving, V10, V11, V12, world } from './world.js';

const MINUTE_MS = 60_000;
const ALL: [Release, number][] = [
  [V10, 90],
  [V11, 30],
  [V12, 1],
];

function forge(record: Partial<ForgeRecord>, more: { wanted?: WantedChecks; hurried?: boolean } = {}): Forge {
  const { wanted = 'all', hurried = false } = more;
  return { at: 'on', wanted, hurried, record: { ...NO_FORGE_RECORD, ...record } };
}

/** What was read of a release's one check, `build`. */
function seen(
  { commit }: Release,
  state: CheckState,
  { at = NOW, times = 1 }: { at?: Instant; times?: number } = {},
): ForgeRecord['checks'] {
  const runs = { etag: null, checks: [{ name: 'build', state }] };
  return { [commit]: { at, times, runs, statuses: { etag: null, checks: [] } } };
}

function facts(known: Forge, more: Partial<Facts> = {}): Facts {
  return world(ALL, { ...own({}), upgrade: serving(V10), forge: known, ...more });
}

function told(known: Facts): unknown[] {
  const { desired, step, why, lack } = decide(known);
  return [desired?.tag, step, why?.reason ?? null, lack.unchecked.map(({ tag }) => tag)];
}

const trouble = (more: object = {}): ForgeRecord['trouble'] => ({
  ...{ at: NOW, times: 1, until: NOW + MINUTE_MS, limited: false, problem: 'it is away' },
  ...more,
});

test('what nobody has asked about is asked first, the newest before the older; without checks nothing is', () => {
  assert.deepEqual(told(facts(forge({}))), ['v1.2.0', 'learn', 'approval', ['v1.2.0', 'v1.1.0']]);
  assert.deepEqual(told(facts(forge({}, { wanted: 'none' }))), ['v1.2.0', 'stage', null, []]);
  assert.deepEqual(told(facts({ at: 'off' })), ['v1.2.0', 'stage', null, []]);
});

test('a release that is not green is passed over for the newest that is, and told', () => {
  const checks = { ...seen(V12, 'failed'), ...seen(V11, 'green') };
  const known = facts(forge({ checks }));
  assert.deepEqual(told(known), ['v1.1.0', 'stage', null, []]);
  assert.match(decide(known).notes.join(), /^v1\.2\.0 .*: its checks failed: build; asked again/);
  const served = facts(forge({ checks }), { upgrade: serving(V11) });
  assert.deepEqual(told(served), ['v1.2.0', 'wait', 'approval', []]);
  assert.equal(decide(served).why?.until, NOW + MINUTE_MS);
  const report = gateReports(served).find(({ gate }) => gate === 'checks');
  assert.match(report?.verdict.open === false ? report.verdict.detail : '', /its checks failed: build/);
});

test('checks that are to come are asked for ever more seldom, at once where somebody waits, and never again when they are green', () => {
  const later = (ms: number, times: number, more = {}): unknown[] => {
    const checks = { ...seen(V12, 'pending', { at: NOW - ms, times }), ...seen(V11, 'green') };
    return told(facts(forge({ checks }, more), { upgrade: serving(V11) }));
  };
  const [waits, learns] = [
    ['v1.2.0', 'wait', 'approval', []],
    ['v1.2.0', 'learn', 'approval', ['v1.2.0']],
  ];
  for (const [times, minutes] of [
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 15],
    [99, 15],
  ] as const) {
    assert.deepEqual(later(minutes * MINUTE_MS - 1, times), waits);
    assert.deepEqual(later(minutes * MINUTE_MS, times), learns);
  }
  assert.deepEqual(later(0, 9, { hurried: true }), learns);
  assert.deepEqual(later(-MINUTE_MS, 9), learns, 'the clock was set back');
  const green = seen(V12, 'green', { at: NOW - 10 * 60 * MINUTE_MS });
  assert.deepEqual(told(facts(forge({ checks: green }))), ['v1.2.0', 'stage', null, []]);
});

test('while GitHub cannot be asked, what is not known waits and what was green stays so', () => {
  const away = facts(forge({ trouble: trouble() }), { upgrade: serving(V11) });
  assert.deepEqual(told(away), ['v1.2.0', 'wait', 'offline', []]);
  assert.match(
    decide(away).why?.detail ?? '',
    /waits for its checks; GitHub could not be asked: it is away; asked again/,
  );
  assert.equal(decide(away).why?.until, NOW + MINUTE_MS);
  const green = facts(forge({ trouble: trouble(), checks: seen(V12, 'green') }));
  assert.deepEqual(told(green), ['v1.2.0', 'stage', null, []]);
  const over = trouble({ at: NOW - MINUTE_MS, until: NOW });
  assert.equal(decide(facts(forge({ trouble: over }))).step, 'learn');
  assert.equal(decide(facts(forge({ trouble: trouble() }, { hurried: true }))).step, 'learn');
  const limited = trouble({ limited: true });
  assert.equal(decide(facts(forge({ trouble: limited }, { hurried: true }))).step, 'wait');
  const ages = trouble({ until: NOW + 1_000 * 60 * MINUTE_MS });
  assert.equal(decide(facts(forge({ trouble: ages }))).step, 'learn', 'from before the clock was set back');
});

test('what stands in the way of an older release does not keep a newer one from being asked about; a hold does', () => {
  const failed = { release: V11, cause: 'it crashed', since: 1 };
  const upgrade = { ...serving(V10), quarantine: [failed] };
  const pending = { ...seen(V12, 'pending', { at: NOW - MINUTE_MS }), ...seen(V11, 'green') };
  const known = forge({ checks: pending });
  assert.deepEqual(told(facts(known, { upgrade })), ['v1.1.0', 'learn', 'quarantined', ['v1.2.0']]);
  const hold = { reason: 'a fair', since: 1, until: null };
  const held = facts(known, { upgrade, orders: { ...NO_ORDERS, hold } });
  assert.deepEqual(told(held), ['v1.1.0', 'wait', 'held', []]);
});

test('a release that a person names does not wait for its checks', () => {
  const request = { to: V12, impatient: true, hurried: false };
  assert.deepEqual(told(facts(forge({}), { request })), ['v1.2.0', 'stage', null, []]);
});

test('a release that waits for something else is not asked about', () => {
  const soaking = world(ALL, {
    ...own({ soakMs: 10 * 60 * MINUTE_MS }),
    upgrade: serving(V10),
    forge: forge({}),
  });
  assert.deepEqual(told(soaking), ['v1.2.0', 'learn', 'soak', ['v1.1.0']]);
});

test('the channel latest is the release that GitHub calls so, asked for every quarter of an hour, and never a way down', () => {
  const channel = own({ channel: { kind: 'latest' }, channelText: 'latest' });
  const latest = (tag: string, at = NOW): ForgeRecord['latest'] => {
    const release = { tag, title: tag, notes: '', draft: false, prerelease: false, publishedAt: null };
    return { at, etag: null, release };
  };
  const with_ = (known: Forge, upgrade = serving(V10)): Facts =>
    world(ALL, { ...channel, upgrade, forge: known });
  const wanted = 'none';
  const unasked = decide(with_(forge({}, { wanted })));
  assert.deepEqual([unasked.step, unasked.lack.latest, unasked.desired?.tag], ['learn', true, 'v1.0.0']);
  assert.deepEqual(told(with_(forge({ latest: latest('v1.1.0') }, { wanted }))), [
    'v1.1.0',
    'stage',
    null,
    [],
  ]);
  const old = latest('v1.1.0', NOW - 15 * MINUTE_MS);
  assert.equal(decide(with_(forge({ latest: old }, { wanted }))).step, 'learn');
  assert.equal(decide(with_(forge({ latest: old, trouble: trouble() }, { wanted }))).step, 'stage');
  const stale = decide(with_(forge({ latest: old, trouble: trouble() }, { wanted })));
  assert.match(stale.notes.join(), /could not be asked anew for its latest release: it is away/);
  const down = decide(with_(forge({ latest: latest('v1.0.0') }, { wanted }), serving(V12)));
  assert.deepEqual([down.step, down.behind], ['nothing', false]);
  for (const [known, note] of [
    [{ at: 'off' } as const, /say in gitops\.json how to ask, "github": true/],
    [forge({ latest: { at: NOW, etag: null, release: null } }), /GitHub has no latest release/],
    [forge({ latest: latest('nightly') }), /latest release nightly has no version in its tag/],
    [forge({ trouble: trouble() }), /could not be asked for its latest release: it is away/],
  ] as const)
    assert.match(decide(with_(known)).notes.join(), note);
  const unknown = decide(with_(forge({ latest: latest('v9.0.0') })));
  assert.match(unknown.notes.join(), /has no tag v9\.0\.0/);
});
