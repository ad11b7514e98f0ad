import assert from 'node:assert/strict';
import test from 'node:test';
import { wishFacts } from '../../src/domain/decide.js';
import type { Facts } from '../../src/domain/facts.js';
import { askGates, firstClosed } from '../../src/domain/gates.js';
import { groupOf } from '../../src/domain/group.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { Group, GroupRules, NamedChannel, Policy } from '../../src/domain/policy.js';
import { rulesOf, type OwnRules, type Rules } from '../../src/domain/rules.js';
import type { Windows } from '../../src/domain/window.js';
import { factsWith, following, NO_POLICY, ownRules } from './facts.js';
import { HOUR_MS, named, over } from './fleets.js';
import { release } from './releases.js';

const MACHINE = { id: 'm-1', name: 'vps-01', labels: { region: 'eu' } };

function windows(zone: string): Windows {
  return { zone, allow: [], deny: [] };
}

function freeze(reason: string): Rules['freezes'][number] {
  return { from: 1, to: 2, reason };
}

function group(rules: Partial<GroupRules>, more: Partial<Group> = {}): Group {
  const match = { ids: ['m-1'], names: [], labels: {} };
  return { name: 'near', match, rules: { ...NO_POLICY.rules, ...rules }, ...more };
}

interface Says {
  readonly own?: Partial<OwnRules>;
  readonly all?: Partial<GroupRules>;
  readonly channel?: Partial<NamedChannel>;
  readonly group?: Partial<GroupRules>;
}

/** What holds where these say something; the channel of the policy is the one that the machine's own file names. */
function ruled(says: Says): Rules {
  const policy: Partial<Policy> = {
    rules: { ...NO_POLICY.rules, ...says.all },
    groups: says.group === undefined ? [] : [group(says.group)],
    channels: says.channel === undefined ? {} : { stable: named(says.channel) },
  };
  const sources = { machine: MACHINE, own: ownRules(says.own), hold: null, zone: 'UTC', now: 0 };
  return rulesOf({ ...sources, policy: following(policy) });
}

// The rows of the table of precedence in docs/policy.md: what each place says, and what comes of it.
const PRECEDENCE: [string, Says, Partial<Rules>][] = [
  ['channel: the file', {}, { channelText: 'stable', channel: { kind: 'stable' } }],
  [
    'channel: all machines before the file',
    { all: { channel: 'beta' } },
    { channelText: 'beta', channel: { kind: 'prerelease', id: 'beta' } },
  ],
  [
    'channel: the group before all machines',
    { all: { channel: 'beta' }, group: { channel: 'branch:main' } },
    { channelText: 'branch:main', channel: { kind: 'branch', branch: 'main' } },
  ],
  [
    "channel: a name of the policy's means what the policy says, in the file too",
    { channel: {} },
    { channelText: 'stable', channel: { kind: 'range', range: '1.x' } },
  ],
  ['pin: all machines', { all: { pin: 'v1.0.0' } }, { pin: 'v1.0.0' }],
  ['pin: the group', { all: { pin: 'v1.0.0' }, group: { pin: 'v2.0.0' } }, { pin: 'v2.0.0' }],
  [
    'window: the file and all machines',
    { own: { windows: windows('own') }, all: { windows: windows('all') } },
    { windows: [windows('own'), windows('all')] },
  ],
  [
    'window: the file and the group, which replaces all machines',
    {
      own: { windows: windows('own') },
      all: { windows: windows('all') },
      group: { windows: windows('near') },
    },
    { windows: [windows('own'), windows('near')] },
  ],
  [
    'freeze: all of them',
    { own: { freezes: [freeze('1')] }, all: { freezes: [freeze('2')] }, group: { freezes: [freeze('3')] } },
    { freezes: [freeze('1'), freeze('2'), freeze('3')] },
  ],
  ['soak: the longer, the file', { own: { soakMs: 5 }, all: { soakMs: 3 } }, { soakMs: 5 }],
  ['soak: the longer, the policy', { own: { soakMs: 5 }, all: { soakMs: 7 } }, { soakMs: 7 }],
  ['soak: the channel before all machines', { all: { soakMs: 7 }, channel: { soakMs: 3 } }, { soakMs: 3 }],
  [
    'soak: the group before the channel',
    { all: { soakMs: 7 }, channel: { soakMs: 3 }, group: { soakMs: 0 } },
    { soakMs: 0 },
  ],
  ['wave: both', { own: { wave: over(1) }, all: { wave: over(2) } }, { waves: [over(1), over(2)] }],
  [
    'wave: the channel before all machines',
    { all: { wave: over(2) }, channel: { wave: over(3) } },
    { waves: [over(3)] },
  ],
  [
    'wave: the group before the channel',
    { all: { wave: over(2) }, channel: { wave: over(3) }, group: { wave: over(4) } },
    { waves: [over(4)] },
  ],
  [
    "canary: in the file, of the fleet's wave too",
    { own: { canary: true, wave: over(1) }, all: { wave: over(2) } },
    { canary: true, waves: [] },
  ],
  [
    "canary: by the group, not of the file's wave",
    { own: { wave: over(1) }, all: { wave: over(2) }, group: { canary: true } },
    { canary: true, waves: [over(1)] },
  ],
  [
    'canary: the group takes it back',
    { own: { canary: true }, all: { wave: over(2) }, group: { canary: false } },
    { canary: false, waves: [over(2)] },
  ],
  [
    'major: the stricter, the file',
    { own: { major: 'manual' }, all: { major: 'auto' } },
    { major: 'manual' },
  ],
  ['major: the stricter, the policy', { all: { major: 'manual' } }, { major: 'manual' }],
  [
    'major: the group before all machines',
    { all: { major: 'manual' }, group: { major: 'auto' } },
    { major: 'auto' },
  ],
  [
    'approval: the stricter, the file',
    { own: { approval: 'required' }, group: { approval: 'none' } },
    { approval: 'required' },
  ],
  [
    'approval: the group before all machines',
    { all: { approval: 'none' }, group: { approval: 'required' } },
    { approval: 'required' },
  ],
];

for (const [what, says, expected] of PRECEDENCE)
  test(`precedence of ${what}`, () => {
    const rules = ruled(says);
    assert.deepEqual({ ...rules, ...expected }, rules);
  });

test("holds add up: a person's, the fleet's, the group's; a group lifts none", () => {
  const hold = { reason: 'a fair', since: 0, until: 50 };
  const policy = following({
    rules: { ...NO_POLICY.rules, hold: { reason: 'an audit', until: 90 } },
    groups: [group({ hold: { reason: null, until: null } })],
  });
  const holdsAt = (now: number): unknown[] =>
    rulesOf({
      machine: MACHINE,
      own: ownRules(),
      hold: now < 50 ? hold : null,
      policy,
      zone: 'UTC',
      now,
    }).holds.map(({ reason, until, by }) => [reason, until, by]);
  const groups = ["held by the fleet's policy", null, 'fleet'];
  const fleets = ["held by the fleet's policy: an audit", 90, 'fleet'];
  assert.deepEqual(holdsAt(10), [['a fair', 50, 'machine'], fleets, groups]);
  assert.deepEqual(holdsAt(50), [fleets, groups]);
  assert.deepEqual(holdsAt(90), [groups]);
});

test('of several holds the one is told that lasts longest', () => {
  const held = (until: number | null): string | null => {
    const facts = factsWith({
      orders: { ...NO_ORDERS, hold: { reason: 'a fair', since: 0, until: 5_000 } },
      policy: following({ rules: { ...NO_POLICY.rules, hold: { reason: 'an audit', until } } }),
    });
    const verdict = firstClosed(askGates(release('v1.0.0', 1), wishFacts(facts).gates, ['hold']));
    return verdict.open ? null : `${verdict.detail}, ${verdict.until ?? 'without end'}`;
  };
  assert.equal(held(9_000), "held by the fleet's policy: an audit, 9000");
  assert.equal(held(null), "held by the fleet's policy: an audit, without end");
  assert.equal(held(3_000), 'a fair; pm2-gitops resume, 5000');
});

test('a policy that could not be read yet, or has expired, holds; a newer one that is not followed is told', () => {
  const sources = { machine: MACHINE, own: ownRules(), hold: null, zone: 'UTC', now: 10 };
  const of = (policy: Facts['policy']): Rules => rulesOf({ ...sources, policy });
  assert.deepEqual(of({ at: 'none' }).holds, []);
  const unread = of({ at: 'unread', detail: 'no such branch', tried: null });
  assert.deepEqual(unread.holds, [{ reason: 'no such branch', until: null, by: 'fleet' }]);
  const expired = of(following({ version: 3, expires: 10 })).holds;
  assert.match(
    expired[0]?.reason ?? '',
    /^version 3 of the fleet's policy expired on 1 Jan 1970 00:01 UTC: publish/,
  );
  assert.deepEqual(of(following({ expires: 11 })).holds, []);
  assert.deepEqual(of({ ...following({}), problem: 'it is older' }).notes, ['it is older']);
});

test('a machine belongs to the first group that names it: by id, by name, by all labels', () => {
  const groups = [
    group({}, { name: 'none', match: { ids: [], names: [], labels: {} } }),
    group({}, { name: 'ids', match: { ids: ['a'], names: [], labels: {} } }),
    group({}, { name: 'names', match: { ids: [], names: ['VPS-0?', 'db*'], labels: {} } }),
    group({}, { name: 'labels', match: { ids: [], names: [], labels: { region: 'eu', tier: 'web' } } }),
    group({}, { name: 'last', match: { ids: ['a', 'b'], names: ['*-9'], labels: {} } }),
  ];
  const table: [string, string, Record<string, string>, string | null][] = [
    ['a', 'vps-01', {}, 'ids'],
    ['b', 'vps-01', {}, 'names'],
    ['b', 'vps-011', {}, 'last'],
    ['c', 'vps-011', {}, null],
    ['c', 'Db', {}, 'names'],
    ['c', 'x', { region: 'eu' }, null],
    ['c', 'x', { region: 'eu', tier: 'web', more: '1' }, 'labels'],
    ['c', 'x-9', { region: 'eu', tier: 'web' }, 'labels'],
    ['c', 'x-9', { region: 'us', tier: 'web' }, 'last'],
  ];
  for (const [id, name, labels, expected] of table)
    assert.equal(groupOf({ groups }, { id, name, labels })?.name ?? null, expected, `${id} ${name}`);
});

test('a tag is meant with or without its v and prefix, wherever the policy names one', () => {
  const policy = following({ tombstones: [{ tag: '1.1.0', reason: 'leaks' }], approved: ['2.0.0'] });
  const told = (tag: string, tagPrefix: string): string => {
    const facts = factsWith({ policy, tagPrefix, own: ownRules({ approval: 'required' }) });
    const verdict = firstClosed(askGates(release(tag, 1), wishFacts(facts).gates, ['tombstone', 'approval']));
    return verdict.open ? 'open' : verdict.reason;
  };
  assert.deepEqual(
    [told('v1.1.0', ''), told('api@1.1.0', 'api@'), told('v1.1.1', ''), told('v2.0.0', '')],
    ['held', 'held', 'approval', 'open'],
  );
});

test('a release has passed a channel when the slowest of those on it has it, by the arithmetic of ages', () => {
  const beta = named({ soakMs: 1, wave: over(1) });
  const stable = named({ after: { channel: 'beta', forMs: 5 } });
  const passed = (policy: Partial<Policy>, channels = { beta, stable }): number | null | undefined =>
    rulesOf({
      ...{ machine: MACHINE, own: ownRules(), hold: null, zone: 'UTC', now: 0 },
      policy: following({ channels, ...policy }),
    }).feeder?.passedAfterMs;
  const [slow, endless] = [over(9), { canaryMs: 0, curve: { kind: 'steps', steps: [] } } as const];
  const others = { match: { ids: ['z'], names: [], labels: {} } };
  assert.equal(passed({}), 1 + HOUR_MS + 5);
  assert.equal(passed({ groups: [group({ channel: 'beta', wave: slow }, others)] }), 1 + 9 * HOUR_MS + 5);
  assert.equal(
    passed({ groups: [group({ channel: 'beta', soakMs: 7, canary: true }, others)] }),
    1 + HOUR_MS + 5,
  );
  assert.equal(passed({ groups: [group({ channel: 'rc', wave: slow }, others)] }), 1 + HOUR_MS + 5);
  assert.equal(passed({ groups: [group({ channel: 'beta', wave: endless }, others)] }), null);
  const round = named({ after: { channel: 'stable', forMs: 1 } });
  assert.equal(passed({}, { beta: round, stable }), null);
});
