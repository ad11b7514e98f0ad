import assert from 'node:assert/strict';
import test from 'node:test';
import { placeOf } from '../../src/agent/identity.js';
import type { Policy } from '../../src/domain/policy.js';
import { foresee, turnFrom, type Arrival, type Rollout } from '../../src/domain/rollout.js';
import { intervalSchedule } from '../../src/domain/turn.js';
import type { Wave } from '../../src/domain/wave.js';
import {
  group,
  groupRules,
  HOUR_MS,
  machine,
  machines,
  MINUTE_MS,
  policyWith,
  rolloutWith,
} from './fleet.js';

const POLL_MS = 5 * MINUTE_MS;
const DAY: Wave = { canaryMs: 2 * HOUR_MS, curve: { kind: 'linear', overMs: 24 * HOUR_MS } };
const OUT = rolloutWith().out;

/** How long after the tag is out the machine takes it, in hours; else why not. */
function told({ fate }: Arrival): string {
  return fate.gets ? `${Math.floor((fate.at - OUT) / HOUR_MS)} h` : `${fate.reason}: ${fate.detail}`;
}

const hold = (until: number | null) => ({ reason: 'a fair', until });
const rules = (more: Parameters<typeof groupRules>[0]): Partial<Policy> => ({ rules: groupRules(more) });
const beta = {
  channel: { kind: 'prerelease', id: 'beta' },
  text: 'beta',
  soakMs: null,
  after: null,
} as const;
const stable = { channel: { kind: 'stable' }, text: 'stable', soakMs: null, wave: null } as const;
const fed = (wave: Wave | null): Partial<Policy> => ({
  ...rules({ channel: 'slow' }),
  channels: {
    fast: { ...beta, wave },
    slow: { ...stable, after: { channel: 'fast', forMs: 48 * HOUR_MS } },
  },
});

/** What the policy says → what becomes of v1.1.0 on vps-0001, and what it waits for on the way. */
const TABLE: [string, Partial<Policy>, string, readonly string[], Partial<Rollout>?][] = [
  ['nothing', {}, '0 h', []],
  ['another channel', rules({ channel: '2.x' }), 'channel: the channel 2.x does not take v1.1.0', []],
  ['a pin on it passes soak and wave', rules({ pin: 'v1.1.0', wave: DAY, soakMs: HOUR_MS }), '0 h', []],
  [
    ...(['a pin on another', rules({ pin: 'v1.0.0' })] as const),
    ...(["pinned: pinned on v1.0.0 by the fleet's policy; the channel offers v1.1.0", []] as const),
  ],
  [
    ...(['a pin on another that comes first', rules({ pin: 'v1.0.5' })] as const),
    ...(["pinned: pinned on v1.0.5 by the fleet's policy; the channel offers v1.1.0", []] as const),
  ],
  ['a hold', rules({ hold: hold(null) }), "held: held by the fleet's policy: a fair", []],
  ['a hold with an end', rules({ hold: hold(OUT + 3 * HOUR_MS) }), '3 h', ['held']],
  [
    'withdrawn',
    { tombstones: [{ tag: 'v1.1.0', reason: 'it loses orders' }] },
    "held: v1.1.0 is withdrawn by the fleet's policy: it loses orders",
    [],
  ],
  ['a soak', rules({ soakMs: 6 * HOUR_MS }), '6 h', ['soak']],
  ['a wave', rules({ wave: DAY }), `${Math.floor(2 + 24 * placeOf('machine-1', 'v1.1.0'))} h`, ['wave']],
  ['a canary of it', rules({ wave: DAY, canary: true }), '0 h', []],
  ['fed by another channel', fed(null), '48 h', ['soak']],
  ['fed by a wave', fed(DAY), '74 h', ['soak']],
  [
    ...(['fed by a wave without an end', fed({ canaryMs: 0, curve: { kind: 'steps', steps: [] } })] as const),
    ...(['soak: the channel fast never has a release on all its machines: see its wave', []] as const),
  ],
  [
    'a freeze after a soak',
    rules({
      soakMs: HOUR_MS,
      freezes: [{ from: OUT + 30 * MINUTE_MS, to: OUT + 9 * HOUR_MS, reason: 'inventory' }],
    }),
    ...(['9 h', ['soak', 'frozen']] as const),
  ],
  [
    'an approval that is missing',
    rules({ approval: 'required' }),
    'approval: v1.1.0 has to be approved: pm2-gitops approve v1.1.0',
    [],
  ],
  ['an approval', { ...rules({ approval: 'required' }), approved: ['v1.1.0'] }, '0 h', []],
  [
    'a major version',
    rules({ major: 'manual' }),
    'major: v2.0.0 is a new major version: pm2-gitops approve v2.0.0',
    [],
    { tag: 'v2.0.0' },
  ],
  ['a barrier on the way is passed first', { barriers: ['v1.0.7'] }, '0 h', []],
  [
    'it expires before the soak is over',
    { ...rules({ soakMs: 6 * HOUR_MS }), expires: OUT + HOUR_MS },
    "held: version 1 of the fleet's policy expired on 24 Nov 2026 13:00 UTC: publish a newer one",
    ['soak'],
  ],
  [
    'lower than what serves',
    {},
    'barrier: v1.1.0 is not ahead of what these machines serve',
    [],
    { from: 'v1.2.0' },
  ],
];

for (const [what, said, expected, reasons, more] of TABLE)
  test(`a release under a policy that says: ${what}`, () => {
    const arrival = foresee(rolloutWith({ policy: policyWith(said), ...more }), machine(1));
    assert.equal(told(arrival), expected);
    assert.deepEqual(
      arrival.waits.map(({ reason }) => reason),
      reasons,
    );
  });

test('a machine takes a release at one of its looks: the first, or the first after its gates have opened', () => {
  for (const one of machines(50)) {
    const first = turnFrom(intervalSchedule(POLL_MS, one.id), OUT);
    const { fate } = foresee(rolloutWith(), one);
    assert.ok(fate.gets && fate.at === first && first - OUT < POLL_MS);
    const waved = foresee(rolloutWith({ policy: policyWith(rules({ wave: DAY })) }), one);
    const turn = first + 2 * HOUR_MS + Math.ceil(placeOf(one.id, 'v1.1.0') * 24 * HOUR_MS);
    assert.ok(waved.fate.gets && waved.fate.at - turn >= 0 && waved.fate.at - turn < POLL_MS);
    assert.equal((waved.fate.at - first) % POLL_MS, 0);
  }
});

test('a barrier costs the looks of the releases on the way', () => {
  const direct = foresee(rolloutWith(), machine(1)).fate;
  const barred = foresee(
    rolloutWith({ policy: policyWith({ barriers: ['v1.0.7', 'v1.0.4'] }) }),
    machine(1),
  ).fate;
  assert.ok(direct.gets && barred.gets);
  assert.equal(barred.at - direct.at, 2 * POLL_MS);
});

test('a window that is over before most machines look again is missed by none', () => {
  const three = { kind: 'days', days: [0, 1, 2, 3, 4, 5, 6], from: 120, to: 123 } as const;
  const nightly = { zone: 'UTC', allow: [three], deny: [] };
  const opens = Date.parse('2026-11-25T02:00:00Z');
  for (const one of machines(40)) {
    const { fate } = foresee(rolloutWith({ policy: policyWith(rules({ windows: nightly })) }), one);
    assert.ok(fate.gets && fate.at >= opens && fate.at < opens + 3 * MINUTE_MS, one.name);
  }
});

test('the first group that names a machine tells what holds for it', () => {
  const policy = policyWith({
    ...rules({ wave: DAY }),
    groups: [group('canaries', 'vps-000?', { canary: true }), group('all', '*', { channel: '9.x' })],
  });
  const [canary, other] = [machine(3), machine(30)].map((one) => foresee(rolloutWith({ policy }), one));
  assert.deepEqual([canary?.group, canary?.canary, canary?.fate.gets], ['canaries', true, true]);
  assert.deepEqual([other?.group, other?.channel, other?.fate.gets], ['all', '9.x', false]);
});
