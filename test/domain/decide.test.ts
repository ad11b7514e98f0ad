import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decide } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { GitOpsError } from '../../src/domain/errors.js';
import { afterFailedLook, afterLook } from '../../src/domain/observed.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { Release } from '../../src/domain/release.js';
import { FRESH, type Phase, type Upgrade } from '../../src/domain/upgrade.js';
import type { Channel } from '../../src/domain/channel.js';
import { factsWith as anyFacts, ownRules } from './facts.js';
import { release, tagRefs } from './releases.js';
import { anyStory, endOf } from './walk.js';

const V10 = release('v1.0.0', 1);
const V11 = release('v1.1.0', 2);
const NOW = 1_000;
const LOOK = { turn: 900, at: 900, tagPrefix: '' };
const SEEN = afterLook(null, tagRefs('v1.0.0', 'v1.1.0'), LOOK);
const candidate = { release: V11, run: 'r', starts: 1 };
const STUCK: Phase = { at: 'stuck', release: V11, run: 'r', cause: 'no way back' };

function serving(active: Release, more: Partial<Upgrade> = {}): Upgrade {
  return {
    ...{ ...FRESH, active: { release: active, since: 1, apps: null }, highest: active },
    trail: [{ commit: active.commit, at: 1 }],
    ...more,
  };
}

function factsWith(more: Partial<Facts>): Facts {
  return anyFacts({ upgrade: serving(V10), observed: SEEN, now: NOW, ...more });
}

const hold = (until: number | null) => ({ ...NO_ORDERS, hold: { reason: 'a fair', since: 1, until } });
const pin = (to: Release, until: number | null = null) => ({
  ...NO_ORDERS,
  pin: { release: to, since: 1, until },
});
const quarantine = [{ release: V11, cause: 'it crashed', since: 2 }];
const backoff = {
  ...{ commit: V11.commit, failures: 1, until: NOW + 50, cause: 'no network' },
  reason: 'offline' as const,
};
const offline = afterFailedLook(SEEN, new GitOpsError('SOURCE_UNREACHABLE', 'no network'), {
  turn: 950,
  at: 950,
});

/** Facts → desired tag, behind, reason of why, step. */
type Row = [string, Partial<Facts>, string | null, boolean, string | null, string];

const TABLE: Row[] = [
  ['nothing was ever seen', { upgrade: FRESH, observed: null }, null, false, null, 'nothing'],
  ['a first release', { upgrade: FRESH }, 'v1.1.0', true, null, 'stage'],
  ['a newer release', {}, 'v1.1.0', true, null, 'stage'],
  ['the newest serves', { upgrade: serving(V11) }, 'v1.1.0', false, null, 'nothing'],
  [
    ...(['it is staged', { upgrade: serving(V10, { phase: { at: 'staged', ...candidate } }) }] as const),
    ...(['v1.1.0', true, null, 'activate'] as const),
  ],
  [
    'another one is staged',
    { upgrade: serving(V10, { phase: { at: 'staged', ...candidate, release: release('v1.0.9', 9) } }) },
    ...(['v1.1.0', true, null, 'stage'] as const),
  ],
  [
    'what is staged is wanted no more: it is let go',
    { upgrade: serving(V11, { phase: { at: 'staged', ...candidate, release: release('v1.2.0', 9) } }) },
    ...(['v1.1.0', false, null, 'finish'] as const),
  ],
  ['it is held', { orders: hold(null) }, 'v1.1.0', true, 'held', 'wait'],
  ['the hold has ended', { orders: hold(NOW) }, 'v1.1.0', true, null, 'stage'],
  [
    'held, though there is nothing to do',
    { upgrade: serving(V11), orders: hold(null) },
    ...(['v1.1.0', false, 'held', 'nothing'] as const),
  ],
  ['pinned where it is', { orders: pin(V10) }, 'v1.0.0', false, 'pinned', 'nothing'],
  [
    'pinned on the newest',
    { upgrade: serving(V11), orders: pin(V11) },
    ...(['v1.1.0', false, null, 'nothing'] as const),
  ],
  [
    'pinned lower: a downgrade that is meant',
    { upgrade: serving(V11), orders: pin(V10) },
    ...(['v1.0.0', true, null, 'stage'] as const),
  ],
  ['the pin has ended', { orders: pin(V10, NOW) }, 'v1.1.0', true, null, 'stage'],
  [
    '--to passes the pin',
    { orders: pin(V10), request: { ...NO_REQUEST, to: V11, impatient: true } },
    ...(['v1.1.0', true, null, 'stage'] as const),
  ],
  [
    '--to does not pass a hold',
    { orders: hold(null), request: { ...NO_REQUEST, to: V11, impatient: true } },
    ...(['v1.1.0', true, 'held', 'wait'] as const),
  ],
  [
    'it failed here before',
    { upgrade: serving(V10, { quarantine }) },
    ...(['v1.1.0', true, 'quarantined', 'wait'] as const),
  ],
  [
    'a person does not pass a quarantine',
    { upgrade: serving(V10, { quarantine }), request: { ...NO_REQUEST, to: V11, impatient: true } },
    ...(['v1.1.0', true, 'quarantined', 'wait'] as const),
  ],
  [
    'it waits after a failure',
    { upgrade: serving(V10, { backoff }) },
    ...(['v1.1.0', true, 'offline', 'wait'] as const),
  ],
  [
    'the wait is over',
    { upgrade: serving(V10, { backoff: { ...backoff, until: NOW } }) },
    ...(['v1.1.0', true, null, 'stage'] as const),
  ],
  [
    'a person does not wait',
    { upgrade: serving(V10, { backoff }), request: { ...NO_REQUEST, to: null, impatient: true } },
    ...(['v1.1.0', true, null, 'stage'] as const),
  ],
  [
    'another release failed, not this one',
    { upgrade: serving(V10, { backoff: { ...backoff, commit: V10.commit } }) },
    ...(['v1.1.0', true, null, 'stage'] as const),
  ],
  ['stuck', { upgrade: serving(V10, { phase: STUCK }) }, ...(['v1.1.0', true, 'stuck', 'wait'] as const)],
  [
    'stuck, though the newest is active',
    { upgrade: serving(V11, { phase: STUCK }) },
    ...(['v1.1.0', false, 'stuck', 'nothing'] as const),
  ],
  [
    'the root names something else than what is proven',
    { upgrade: { ...serving(V11), trail: [{ commit: V10.commit, at: 1 }] } },
    ...(['v1.1.0', true, null, 'stage'] as const),
  ],
  [
    'offline, and up to date as far as known',
    { upgrade: serving(V11), observed: offline },
    ...(['v1.1.0', false, 'offline', 'nothing'] as const),
  ],
  ['offline, and behind', { observed: offline }, 'v1.1.0', true, 'offline', 'stage'],
  [
    'unfinished work comes before everything, a hold too',
    {
      upgrade: serving(V10, { phase: { at: 'proving', ...candidate, old: [] } }),
      orders: hold(null),
    },
    ...(['v1.1.0', true, null, 'finish'] as const),
  ],
];

for (const [story, more, desired, behind, reason, step] of TABLE) {
  test(`decide: ${story}`, () => {
    const decision = decide(factsWith(more));
    assert.deepEqual(
      [decision.desired?.tag ?? null, decision.behind, decision.why?.reason ?? null, decision.step],
      [desired, behind, reason, step],
    );
  });
}

test('what the channel offers below the highest that ran here is told, not followed', () => {
  const lower = afterLook(null, tagRefs('v1.0.0'), LOOK);
  const decision = decide(factsWith({ upgrade: serving(V11), observed: lower }));
  assert.deepEqual([decision.desired, decision.step], [V11, 'nothing']);
  assert.match(
    decision.notes.join(),
    /v1\.0\.0 \(0101010\), lower than what ran here; pm2-gitops pin v1\.0\.0/,
  );
});

test('a branch may go back: whoever moves it means it', () => {
  const observed = afterLook(null, [{ name: 'refs/heads/main', commit: V10.commit }], LOOK);
  const channel = { kind: 'branch', branch: 'main' } as const;
  const decision = decide(factsWith({ upgrade: serving(V11), observed, own: ownRules({ channel }) }));
  assert.deepEqual([decision.desired?.commit, decision.step], [V10.commit, 'stage']);
});

test('a version tag that moved is not followed, a ref that operators move is', () => {
  const moved = afterLook(SEEN, [{ name: 'refs/tags/v1.1.0', commit: release('', 8).commit }], LOOK);
  const follows = (channel: Channel) =>
    decide(factsWith({ observed: moved, own: ownRules({ channel }) })).desired;
  assert.equal(follows({ kind: 'stable' })?.commit, V11.commit);
  assert.equal(follows({ kind: 'tag', tag: 'v1.1.0' })?.commit, V11.commit);
  assert.equal(follows({ kind: 'ref', ref: 'v1.1.0' })?.commit, release('', 8).commit);
});

test('a channel without a release keeps what serves, and says why', () => {
  const decision = decide(factsWith({ own: ownRules({ channel: { kind: 'range', range: '^9' } }) }));
  assert.deepEqual([decision.desired, decision.step], [V10, 'nothing']);
  assert.match(decision.notes.join(), /no tag of the repository fits the range \^9/);
});

test('whatever happened: what is quarantined or held is never begun', () => {
  const someTags = fc.subarray(['v1.0.0', 'v1.1.0', 'v2.0.0-rc.1', 'v2.0.0']).map((tags) => tagRefs(...tags));
  fc.assert(
    fc.property(anyStory, someTags, fc.boolean(), (story, refs, held) => {
      const upgrade = endOf(story);
      const observed = afterLook(null, refs, LOOK);
      const facts = factsWith({ upgrade, observed, orders: held ? hold(null) : NO_ORDERS });
      const { desired, step, behind, why } = decide(facts);
      if (step === 'stage' || step === 'activate') {
        assert.ok(behind && !held && desired !== null);
        assert.ok(!upgrade.quarantine.some((entry) => entry.release.commit === desired.commit));
        assert.notEqual(upgrade.phase.at, 'stuck');
      }
      if (step === 'wait') assert.ok(why !== null, 'a no says why');
      assert.deepEqual(decide(facts), decide(facts));
    }),
  );
});
