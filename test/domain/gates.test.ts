import assert from 'node:assert/strict';
import test from 'node:test';
import { passGates, type GateFacts } from '../../src/domain/gates.js';
import { NO_ORDERS, standingOrders, type Orders } from '../../src/domain/orders.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { release } from './releases.js';

const V11 = release('v1.1.0', 2);
const FACTS: GateFacts = { upgrade: FRESH, hold: null, impatient: false, named: false, now: 100 };
const hold = { reason: 'a fair', since: 1, until: 200 };
const stuck = { at: 'stuck', release: V11, run: 'r', cause: 'no way back' } as const;
const quarantine = [{ release: V11, cause: 'it crashed', since: 2 }];
const backoff = {
  ...{ commit: V11.commit, failures: 1, until: 300, cause: 'edited files' },
  reason: 'dirty' as const,
};

test('a closed gate says why, until when, and what to do', () => {
  const table: [Partial<GateFacts>, string, number | null, string][] = [
    [{ hold }, 'held', 200, 'a fair'],
    [
      { hold: { ...hold, reason: null, until: null } },
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
    assert.deepEqual(passGates(V11, { ...FACTS, ...facts }), { open: false, reason, until, detail });
});

test('gates open when nothing closes them, and at the very moment that was named', () => {
  const table: Partial<GateFacts>[] = [
    {},
    { hold, now: 200 },
    { upgrade: { ...FRESH, backoff }, now: 300 },
    { upgrade: { ...FRESH, backoff }, impatient: true },
    // No wait is longer than an hour: the clock was a year ahead when this one was written.
    { upgrade: { ...FRESH, backoff: { ...backoff, until: 365 * 86_400_000 } } },
    { upgrade: { ...FRESH, quarantine: [{ release: release('v1.0.9', 9), cause: 'it crashed', since: 2 }] } },
  ];
  for (const facts of table) assert.deepEqual(passGates(V11, { ...FACTS, ...facts }), { open: true });
});

test('the gravest reason is given first', () => {
  const all = { ...FRESH, phase: stuck, quarantine, backoff };
  const reasonOf = (facts: Partial<GateFacts>): string => {
    const verdict = passGates(V11, { ...FACTS, ...facts });
    return verdict.open ? 'open' : verdict.reason;
  };
  const { phase } = FRESH;
  assert.deepEqual(
    [
      reasonOf({ upgrade: all, hold }),
      reasonOf({ upgrade: { ...all, phase }, hold }),
      reasonOf({ upgrade: { ...all, phase } }),
      reasonOf({ upgrade: { ...FRESH, backoff } }),
    ],
    ['stuck', 'held', 'quarantined', 'dirty'],
  );
});

test('orders end at the moment that was named', () => {
  const orders: Orders = { pin: { release: V11, since: 1, until: 200 }, hold: { ...hold, until: 300 } };
  const table: [number, Orders][] = [
    [199, orders],
    [200, { ...orders, pin: null }],
    [300, NO_ORDERS],
  ];
  for (const [now, expected] of table) assert.deepEqual(standingOrders(orders, now), expected);
  const endless: Orders = { pin: { release: V11, since: 1, until: null }, hold: { ...hold, until: null } };
  assert.deepEqual(standingOrders(endless, Number.MAX_SAFE_INTEGER), endless);
});
