import assert from 'node:assert/strict';
import test from 'node:test';
import { decide, wishFacts } from '../../src/domain/decide.js';
import type { Facts } from '../../src/domain/facts.js';
import { askGates } from '../../src/domain/gates.js';
import { NO_ORDERS, type Orders } from '../../src/domain/orders.js';
import type { NamedChannel } from '../../src/domain/policy.js';
import type { Release } from '../../src/domain/release.js';
import { following } from './facts.js';
import { HOUR_MS, HURRIED, NOW, own, V11, V20, WAVE, world } from './world.js';

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
