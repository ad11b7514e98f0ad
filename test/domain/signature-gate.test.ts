import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { afterLook } from '../../src/domain/observed.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { Ref } from '../../src/domain/release.js';
import type { Finding, Trust } from '../../src/domain/trust.js';
import { tagRefs } from './releases.js';
import { HOUR_MS, HURRIED, NOW, own, serving, V10, V11, V12, WAVE, world } from './world.js';

const REQUIRED: Trust = { mode: 'required', tried: [] };
const GOOD = trying({ at: 'verified', by: 'ops@example.invalid' });
const BAD = trying({ at: 'refused', why: 'it is not signed' });
const PINNED = { ...NO_ORDERS, pin: { release: V11, since: 1, until: null } };
const HELD = { ...NO_ORDERS, hold: { reason: 'a fair', since: 1, until: null } };
const BACKOFF = {
  commit: V11.commit,
  failures: 1,
  until: 0,
  reason: 'backoff',
  cause: 'none',
} as const;

const V11_REF: Ref = { name: 'refs/tags/v1.1.0', commit: V11.commit };
const LOOK = { turn: NOW, at: NOW, tagPrefix: '' };

function trying(finding: Finding): Trust {
  return {
    mode: 'required',
    tried: [{ ref: 'refs/tags/v1.1.0', commit: V11.commit, object: null, finding }],
  };
}

/** Facts → step, reason of why, tags to look at. */
const TABLE: [string, Partial<Facts>, string, string | null, string][] = [
  ['nobody asks for signatures', {}, 'stage', null, ''],
  ['a release that nobody has looked at', { trust: REQUIRED }, 'learn', null, 'v1.1.0'],
  ['what is there must hold as well', { trust: { mode: 'ifPresent', tried: [] } }, 'learn', null, 'v1.1.0'],
  ['a good signature', { trust: GOOD }, 'stage', null, ''],
  ['a bad one', { trust: BAD }, 'wait', 'unverified', ''],
  ['a bad one, and a person who hurries', { trust: BAD, request: HURRIED }, 'wait', 'unverified', ''],
  [
    'a bad one that a person names',
    { trust: BAD, request: { ...HURRIED, to: V11 } },
    'wait',
    'unverified',
    '',
  ],
  ['a bad one on which the machine is pinned', { trust: BAD, orders: PINNED }, 'wait', 'unverified', ''],
  ['a good one of another commit', { trust: other({ commit: V12.commit }) }, 'learn', null, 'v1.1.0'],
  ['a good one of another ref', { trust: other({ ref: 'refs/heads/v1.1.0' }) }, 'learn', null, 'v1.1.0'],
  ['a machine that is held looks at nothing', { trust: REQUIRED, orders: HELD }, 'wait', 'held', ''],
  [
    'what could not be looked at waits for its next try',
    { trust: REQUIRED, upgrade: { ...serving(V10), backoff: { ...BACKOFF, until: NOW + 60_000 } } },
    ...(['wait', 'backoff', ''] as const),
  ],
  [
    'before its turn it is looked at already',
    { trust: REQUIRED, ...own({ wave: WAVE }) },
    ...(['learn', 'wave', 'v1.1.0'] as const),
  ],
  ['what serves is asked for no signature', { trust: REQUIRED, upgrade: serving(V11) }, 'nothing', null, ''],
  [
    'what served before is not, if a person names it',
    { trust: BAD, orders: PINNED, upgrade: { ...serving(V12), previous: V11 } },
    ...(['stage', null, ''] as const),
  ],
  [
    'what served before is, if the channel names it',
    { trust: BAD, upgrade: { ...serving(V10), previous: V11 } },
    ...(['wait', 'unverified', ''] as const),
  ],
];

for (const [story, more, step, reason, untried] of TABLE)
  test(`signatures: ${story}`, () => {
    const decision = decide(world([[V11, 1]], { request: NO_REQUEST, ...more }));
    const found = [decision.step, decision.why?.reason ?? null, tagsOf(decision.lack.untried)];
    assert.deepEqual(found, [step, reason, untried]);
  });

test('a release is dated before it is looked at: that may choose another one', () => {
  const facts = world([[V11, null]], { trust: REQUIRED, ...own({ soakMs: HOUR_MS }) });
  const { lack, step } = decide(facts);
  assert.deepEqual([step, tagsOf(lack.undated), tagsOf(lack.untried)], ['learn', 'v1.1.0', '']);
});

test('a tag that was made anew is looked at anew; one that moved stays what it was', () => {
  const facts = world([[V11, 1]], { trust: BAD });
  const anew = (more: Partial<Ref>): Facts => ({
    ...facts,
    observed: afterLook(facts.observed, [...tagRefs('v1.0.0'), { ...V11_REF, ...more }], LOOK),
  });
  assert.deepEqual(tagsOf(decide(anew({ object: '7'.repeat(40) })).lack.untried), 'v1.1.0');
  const moved = anew({ object: '7'.repeat(40), commit: '8'.repeat(40) });
  assert.deepEqual([decide(moved).step, decide(moved).why?.reason], ['wait', 'unverified']);
});

test('an older release that is signed well is no newer one: what ran here keeps it out', () => {
  const tried = [
    { ref: 'refs/tags/v1.0.0', commit: V10.commit, object: null, finding: { at: 'verified', by: 'ops' } },
  ] as const;
  const facts = world([], { trust: { mode: 'required', tried }, upgrade: serving(V11) });
  const { step, desired, notes } = decide(facts);
  assert.deepEqual([step, desired?.tag], ['nothing', 'v1.1.0']);
  assert.match(notes.join(), /lower than what ran here/);
});

function other(more: { commit?: string; ref?: string }): Trust {
  return { ...GOOD, tried: GOOD.tried.map((one) => ({ ...one, ...more })) };
}

function tagsOf(releases: readonly { tag: string }[]): string {
  return releases.map(({ tag }) => tag).join(' ');
}
