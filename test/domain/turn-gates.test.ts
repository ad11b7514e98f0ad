import assert from 'node:assert/strict';
import test from 'node:test';
import type { Dates } from '../../src/domain/age.js';
import { decide, wishFacts } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { askGates } from '../../src/domain/gates.js';
import { afterLook } from '../../src/domain/observed.js';
import { NO_ORDERS, type Orders } from '../../src/domain/orders.js';
import type { NamedChannel } from '../../src/domain/policy.js';
import type { Release } from '../../src/domain/release.js';
import type { OwnRules } from '../../src/domain/rules.js';
import { FRESH, type Upgrade } from '../../src/domain/upgrade.js';
import type { Wave } from '../../src/domain/wave.js';
import { factsWith, following, ownRules } from './facts.js';
import { release } from './releases.js';

const HOUR_MS = 3_600_000;
// A Tuesday, 13:00 in Berlin.
const NOW = Date.UTC(2026, 10, 24, 12, 0);
const V10 = release('v1.0.0', 1);
const V11 = release('v1.1.0', 2);
const V12 = release('v1.2.0', 3);
const V20 = release('v2.0.0', 4);
const WAVE: Wave = { canaryMs: 2 * HOUR_MS, curve: { kind: 'linear', overMs: 24 * HOUR_MS } };
const HURRIED = { ...NO_REQUEST, impatient: true, hurried: true };

/** A source that has had these releases since so many hours; its machine runs v1.0.0 unless it says otherwise. */
function world(hours: readonly (readonly [Release, number | null])[], more: Partial<Facts> = {}): Facts {
  const refs = [[V10, 9_000] as const, ...hours].map(([{ tag, commit }]) => ({
    name: `refs/tags/${tag}`,
    commit,
  }));
  const dates: Dates = Object.fromEntries(
    [[V10, 9_000] as const, ...hours].flatMap(([{ tag, commit }, ago]) =>
      ago === null ? [] : [[`refs/tags/${tag}`, { commit, at: NOW - ago * HOUR_MS }]],
    ),
  );
  const observed = afterLook(null, refs, { turn: NOW, at: NOW, tagPrefix: '' });
  return factsWith({ observed, dates, upgrade: serving(V10), now: NOW, ...more });
}

function serving(active: Release): Upgrade {
  return {
    ...{ ...FRESH, active: { release: active, since: 1, apps: null }, highest: active },
    trail: [{ commit: active.commit, at: 1 }],
  };
}

const own = (rules: Partial<OwnRules>): Partial<Facts> => ({ own: ownRules(rules) });
const approving = (approved: Release, until: number | null): Orders => ({
  ...NO_ORDERS,
  approvals: [{ release: approved, since: 1, until }],
});

function named(follow: NamedChannel['channel'], more: Partial<NamedChannel> = {}): NamedChannel {
  return { channel: follow, text: 'x', soakMs: null, wave: null, after: null, ...more };
}

const BETA = { kind: 'prerelease', id: 'beta' } as const;
const STABLE = { kind: 'stable' } as const;
const fed = (beta: Partial<NamedChannel>): Partial<Facts> => ({
  policy: following({
    channels: {
      beta: named(BETA, beta),
      stable: named(STABLE, { after: { channel: 'beta', forMs: 48 * HOUR_MS } }),
    },
  }),
});

const VERDICTS: [string, Release, Facts, string | null, number | null, RegExp | null][] = [
  ['no rule', V11, world([[V11, 0]]), null, null, null],
  [
    ...([
      'soaks',
      V11,
      world([[V11, 3]], own({ soakMs: 48 * HOUR_MS })),
      'soak',
      NOW + 45 * HOUR_MS,
    ] as const),
    /^v1\.1\.0 \(0202020\) has to be out for 2 d, until Thu.* 10:00 Europe\/Berlin; pm2-gitops apply --now does not wait$/,
  ],
  ['has soaked', V11, world([[V11, 48]], own({ soakMs: 48 * HOUR_MS })), null, null, null],
  [
    'soaks, but --now',
    V11,
    world([[V11, 3]], { ...own({ soakMs: 48 * HOUR_MS }), request: HURRIED }),
    null,
    null,
    null,
  ],
  [
    ...([
      'soaks, since nobody knows when',
      V11,
      world([[V11, null]], own({ soakMs: 1 })),
      'soak',
      null,
    ] as const),
    /since when it is out is being found out/,
  ],
  [
    ...([
      'waits for its turn',
      V11,
      world([[V11, 3]], own({ wave: WAVE })),
      'wave',
      NOW + 11 * HOUR_MS,
    ] as const),
    /^v1\.1\.0 \(0202020\) is being rolled out, this machine's turn comes .*00:00 Europe\/Berlin; pm2-gitops apply --now does not wait$/,
  ],
  ['has had its turn', V11, world([[V11, 14]], own({ wave: WAVE })), null, null, null],
  ['is a canary', V11, world([[V11, 0]], own({ wave: WAVE, canary: true })), null, null, null],
  [
    'is a canary, of a release that soaks',
    ...([
      V11,
      world([[V11, 0]], own({ wave: WAVE, canary: true, soakMs: HOUR_MS })),
      'soak',
      NOW + HOUR_MS,
    ] as const),
    /has to be out for 1 h/,
  ],
  [
    'soaks before the wave begins',
    ...([
      V11,
      world([[V11, 20]], own({ wave: WAVE, soakMs: 10 * HOUR_MS })),
      'wave',
      NOW + 4 * HOUR_MS,
    ] as const),
    /turn comes/,
  ],
  [
    'its curve ends before its turn',
    V11,
    world(
      [[V11, 99]],
      own({ wave: { canaryMs: 0, curve: { kind: 'steps', steps: [{ atMs: 0, share: 0.5 }] } } }),
    ),
    ...(['wave', null, /its curve ends before this machine's turn/] as const),
  ],
  [
    ...(['is a major version', V20, world([[V20, 0]], own({ major: 'manual' })), 'major', null] as const),
    /^v2\.0\.0 \(0404040\) is a new major version: pm2-gitops approve v2\.0\.0$/,
  ],
  ['is a minor version', V11, world([[V11, 0]], own({ major: 'manual' })), null, null, null],
  [
    'is a major version that somebody approved of',
    ...([
      V20,
      world([[V20, 0]], { ...own({ major: 'manual' }), orders: approving(V20, null) }),
      null,
      null,
      null,
    ] as const),
  ],
  [
    'was approved of for too short a time',
    V20,
    world([[V20, 0]], { ...own({ major: 'manual' }), orders: approving(V20, NOW) }),
    ...(['major', null, /approve v2/] as const),
  ],
  [
    'is approved of by the policy',
    V20,
    world([[V20, 0]], { ...own({ major: 'manual' }), policy: following({ approved: ['v2.0.0'] }) }),
    ...([null, null, null] as const),
  ],
  [
    ...([
      'has to be approved',
      V11,
      world([[V11, 0]], own({ approval: 'required' })),
      'approval',
      null,
    ] as const),
    /^v1\.1\.0 \(0202020\) has to be approved: pm2-gitops approve v1\.1\.0$/,
  ],
  [
    'has to run on another channel first',
    ...([V11, world([[V11, 1]], fed({})), 'soak', NOW + 47 * HOUR_MS, /has to be out for 2 d/] as const),
  ],
  [
    'has to be out whole on another channel first',
    ...([V11, world([[V11, 1]], fed({ soakMs: HOUR_MS, wave: WAVE })), 'soak', NOW + 74 * HOUR_MS] as const),
    /has to be out for 3 d/,
  ],
  [
    'never is out whole on the other channel',
    V11,
    world(
      [[V11, 1]],
      fed({ wave: { canaryMs: 0, curve: { kind: 'steps', steps: [{ atMs: 0, share: 0.5 }] } } }),
    ),
    ...(['soak', null, /the channel beta never has a release on all its machines/] as const),
  ],
];

for (const [story, to, facts, reason, until, detail] of VERDICTS) {
  test(`a release ${story}: ${reason ?? 'open'}`, () => {
    const closed = askGates(to, wishFacts(facts).gates).flatMap(({ verdict }) =>
      verdict.open ? [] : [verdict],
    );
    const [first] = closed;
    assert.deepEqual([first?.reason ?? null, first?.until ?? null], [reason, until]);
    if (detail !== null) assert.match(first?.detail ?? '', detail);
    // A machine that runs v1.0.0 is told the same.
    assert.deepEqual([decide(facts).why?.reason ?? null, decide(facts).why?.until ?? null], [reason, until]);
  });
}

const STEPS: [string, Facts, string | null, string, string | null][] = [
  [
    'the newest is not yet its turn: it takes the newest that is',
    world(
      [
        [V11, 30],
        [V12, 1],
      ],
      own({ wave: WAVE }),
    ),
    ...(['v1.1.0', 'stage', null] as const),
  ],
  [
    'it has the newest that is its turn, and waits for the newest',
    world(
      [
        [V11, 30],
        [V12, 1],
      ],
      { ...own({ wave: WAVE }), upgrade: serving(V11) },
    ),
    ...(['v1.2.0', 'wait', 'wave'] as const),
  ],
  [
    'a major version waits, a minor one below it comes',
    world(
      [
        [V12, 1],
        [V20, 1],
      ],
      own({ major: 'manual' }),
    ),
    ...(['v1.2.0', 'stage', null] as const),
  ],
  [
    'a person who asks for it now gets the newest',
    world(
      [
        [V11, 30],
        [V12, 1],
      ],
      { ...own({ wave: WAVE }), request: HURRIED },
    ),
    ...(['v1.2.0', 'stage', null] as const),
  ],
  [
    '--now does not approve',
    world([[V20, 1]], { ...own({ major: 'manual' }), request: HURRIED }),
    ...(['v2.0.0', 'wait', 'major'] as const),
  ],
  [
    'a person who names a release approves of it',
    world([[V20, 1]], {
      ...own({ major: 'manual', approval: 'required', wave: WAVE }),
      request: { ...NO_REQUEST, to: V20 },
    }),
    ...(['v2.0.0', 'stage', null] as const),
  ],
  [
    'what a pin names needs no turn',
    world([[V12, 0]], {
      ...own({ wave: WAVE, soakMs: HOUR_MS, approval: 'required' }),
      orders: { ...NO_ORDERS, pin: { release: V12, since: 1, until: null } },
    }),
    ...(['v1.2.0', 'stage', null] as const),
  ],
  [
    'when a release was made is found out first',
    world([[V11, null]], own({ soakMs: HOUR_MS })),
    ...(['v1.1.0', 'learn', 'soak'] as const),
  ],
  [
    'a fresh machine takes the newest that is out whole',
    world(
      [
        [V11, 30],
        [V12, 1],
      ],
      { ...own({ wave: WAVE }), upgrade: FRESH },
    ),
    ...(['v1.1.0', 'stage', null] as const),
  ],
  [
    'a fresh machine takes what has been out for longest where nothing is out whole',
    world(
      [
        [V11, 2],
        [V12, 1],
      ],
      { ...own({ wave: WAVE }), upgrade: FRESH, ...without(V10) },
    ),
    ...(['v1.1.0', 'stage', null] as const),
  ],
  [
    'a fresh canary takes the newest',
    world(
      [
        [V11, 30],
        [V12, 1],
      ],
      { ...own({ wave: WAVE, canary: true }), upgrade: FRESH },
    ),
    ...(['v1.2.0', 'stage', null] as const),
  ],
  [
    'a fresh machine waits for an approval, too',
    world([[V11, 30]], { ...own({ wave: WAVE, approval: 'required' }), upgrade: FRESH }),
    ...(['v1.1.0', 'wait', 'approval'] as const),
  ],
  [
    'what is withdrawn is passed over',
    world(
      [
        [V11, 9],
        [V12, 9],
      ],
      { policy: following({ tombstones: [{ tag: 'v1.2.0', reason: 'it loses carts' }] }) },
    ),
    ...(['v1.1.0', 'stage', null] as const),
  ],
  [
    'what is withdrawn is not installed though a pin names it',
    world([[V12, 9]], {
      policy: following({ tombstones: [{ tag: 'v1.2.0', reason: 'it loses carts' }] }),
      orders: { ...NO_ORDERS, pin: { release: V12, since: 1, until: null } },
    }),
    ...(['v1.2.0', 'wait', 'held'] as const),
  ],
  [
    'a barrier has to be passed first',
    world(
      [
        [V11, 9],
        [V12, 9],
        [V20, 9],
      ],
      { policy: following({ barriers: ['v1.1.0', 'v1.2.0'] }) },
    ),
    ...(['v1.1.0', 'stage', null] as const),
  ],
  [
    'behind a barrier the way is free',
    world(
      [
        [V11, 9],
        [V12, 9],
        [V20, 9],
      ],
      { policy: following({ barriers: ['v1.1.0'] }), upgrade: serving(V11) },
    ),
    ...(['v2.0.0', 'stage', null] as const),
  ],
  [
    'a machine that runs nothing has no barrier to pass',
    world(
      [
        [V11, 9],
        [V20, 9],
      ],
      { policy: following({ barriers: ['v1.1.0'] }), upgrade: FRESH },
    ),
    ...(['v2.0.0', 'stage', null] as const),
  ],
  [
    'a policy pins it, downwards too',
    world([[V11, 9]], {
      policy: following({ rules: { ...following({}).policy.rules, pin: 'v1.0.0' } }),
      upgrade: serving(V11),
    }),
    ...(['v1.0.0', 'stage', null] as const),
  ],
];

/** A source without a release. */
function without({ tag }: Release): Partial<Facts> {
  const { observed } = world([
    [V11, 2],
    [V12, 1],
  ]);
  return observed === null
    ? {}
    : { observed: { ...observed, refs: observed.refs.filter(({ name }) => !name.endsWith(tag)) } };
}

for (const [story, facts, desired, step, reason] of STEPS) {
  test(`decide: ${story}`, () => {
    const decision = decide(facts);
    assert.deepEqual(
      [decision.desired?.tag ?? null, decision.step, decision.why?.reason ?? null],
      [desired, step, reason],
    );
  });
}

test('what comes later is told beside what comes now', () => {
  const { notes } = decide(
    world(
      [
        [V11, 30],
        [V12, 1],
      ],
      own({ wave: WAVE }),
    ),
  );
  assert.match(notes.join(), /^v1\.2\.0 \(0303030\) is being rolled out, this machine's turn comes/);
});

test('a policy that was not read yet holds, one that expired holds, one that has moved is read first', () => {
  const facts = world([[V11, 9]]);
  const unread = { at: 'unread', detail: 'the policy could not be read', tried: null } as const;
  assert.deepEqual(pick({ ...facts, policy: unread }), ['wait', 'held', 'the policy could not be read']);
  const expired = pick({ ...facts, policy: following({ version: 7, expires: NOW }) });
  assert.deepEqual(expired.slice(0, 2), ['wait', 'held']);
  assert.match(
    expired[2] ?? '',
    /^version 7 of the fleet's policy expired on 2026-11-24T12:00.*publish a newer one/,
  );
  const moved = facts.observed === null ? null : { ...facts.observed, policy: '2'.repeat(40) };
  assert.equal(pick({ ...facts, policy: following({}), observed: moved })[0], 'learn');
});

function pick(facts: Facts): [string, string | null, string | null] {
  const { step, why } = decide(facts);
  return [step, why?.reason ?? null, why?.detail ?? null];
}
