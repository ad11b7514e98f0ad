import assert from 'node:assert/strict';
import test from 'node:test';
import type { Facts } from '../../src/domain/facts.js';
import { wishFacts } from '../../src/domain/decide.js';
import { askGates, firstClosed } from '../../src/domain/gates.js';
import type { Verdict } from '../../src/domain/verdict.js';
import { NO_REQUEST } from '../../src/domain/facts.js';
import { NO_ORDERS, standingOrders, type Hold, type Orders } from '../../src/domain/orders.js';
import type { Release } from '../../src/domain/release.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { factsWith } from './facts.js';
import { release } from './releases.js';

const V11 = release('v1.1.0', 2);
const FACTS: Partial<Facts> = { now: 100 };
const hold = { reason: 'a fair', since: 1, until: 200 };
const held = (more: Partial<Hold> = {}): Orders => ({ ...NO_ORDERS, hold: { ...hold, ...more } });
const stuck = { at: 'stuck', release: V11, run: 'r', cause: 'no way back' } as const;
const quarantine = [{ release: V11, cause: 'it crashed', since: 2 }];
const backoff = {
  ...{ commit: V11.commit, failures: 1, until: 300, cause: 'edited files' },
  reason: 'dirty' as const,
};

/** What all gates together say. */
function gatesOf(to: Release, facts: Partial<Facts>): Verdict {
  return firstClosed(askGates(to, wishFacts(factsWith(facts)).gates));
}

test('a closed gate says why, until when, and what to do', () => {
  const table: [Partial<Facts>, string, number | null, string][] = [
    [{ orders: held() }, 'held', 200, 'a fair; pm2-gitops resume'],
    [
      { orders: held({ reason: null, until: null }) },
      ...(['held', null, 'an operator holds this machine; pm2-gitops resume'] as const),
    ],
    [
      { upgrade: { ...FRESH, phase: stuck } },
      ...([
        'stuck',
        null,
        'no way back; mend it, then pm2-gitops retry, or apply --to another release',
      ] as const),
    ],
    [
      { upgrade: { ...FRESH, quarantine } },
      'quarantined',
      null,
      'v1.1.0 (0202020) failed here: it crashed; tag a new release, or pm2-gitops retry v1.1.0',
    ],
    [{ upgrade: { ...FRESH, backoff } }, 'dirty', 300, 'edited files'],
  ];
  for (const [facts, reason, until, detail] of table)
    assert.deepEqual(gatesOf(V11, { ...FACTS, ...facts }), { open: false, reason, until, detail });
});

test('gates open when nothing closes them, and at the very moment that was named', () => {
  const table: Partial<Facts>[] = [
    {},
    { orders: held(), now: 200 },
    { upgrade: { ...FRESH, backoff }, now: 300 },
    { upgrade: { ...FRESH, backoff }, request: { ...NO_REQUEST, impatient: true } },
    // No wait is longer than an hour: the clock was a year ahead when this one was written.
    { upgrade: { ...FRESH, backoff: { ...backoff, until: 365 * 86_400_000 } } },
    { upgrade: { ...FRESH, quarantine: [{ release: release('v1.0.9', 9), cause: 'it crashed', since: 2 }] } },
  ];
  for (const facts of table) assert.deepEqual(gatesOf(V11, { ...FACTS, ...facts }), { open: true });
});

test('the gravest reason is given first', () => {
  const all = { ...FRESH, phase: stuck, quarantine, backoff };
  const reasonOf = (facts: Partial<Facts>): string => {
    const verdict = gatesOf(V11, { ...FACTS, ...facts });
    return verdict.open ? 'open' : verdict.reason;
  };
  const { phase } = FRESH;
  assert.deepEqual(
    [
      reasonOf({ upgrade: all, orders: held() }),
      reasonOf({ upgrade: { ...all, phase }, orders: held() }),
      reasonOf({ upgrade: { ...all, phase } }),
      reasonOf({ upgrade: { ...FRESH, backoff } }),
    ],
    ['stuck', 'held', 'quarantined', 'dirty'],
  );
});

test('orders end at the moment that was named', () => {
  const orders: Orders = { ...held({ until: 300 }), pin: { release: V11, since: 1, until: 200 } };
  const table: [number, Orders][] = [
    [199, orders],
    [200, { ...orders, pin: null }],
    [300, NO_ORDERS],
  ];
  for (const [now, expected] of table) assert.deepEqual(standingOrders(orders, now), expected);
  const endless: Orders = { ...held({ until: null }), pin: { release: V11, since: 1, until: null } };
  assert.deepEqual(standingOrders(endless, Number.MAX_SAFE_INTEGER), endless);
});
