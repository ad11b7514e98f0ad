import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { Release } from '../../src/domain/release.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { following } from './facts.js';
import { HOUR_MS, HURRIED, NOW, own, serving, V10, V11, V12, V20, WAVE, world } from './world.js';

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
    /^version 7 of the fleet's policy expired on 24 Nov 2026 13:00 Europe\/Berlin: publish a newer one/,
  );
  const moved = facts.observed === null ? null : { ...facts.observed, policy: '2'.repeat(40) };
  assert.equal(pick({ ...facts, policy: following({}), observed: moved })[0], 'learn');
});

function pick(facts: Facts): [string, string | null, string | null] {
  const { step, why } = decide(facts);
  return [step, why?.reason ?? null, why?.detail ?? null];
}
