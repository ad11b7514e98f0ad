import assert from 'node:assert/strict';
import test from 'node:test';
import type { Facts } from '../../src/domain/facts.js';
import { gateReports } from '../../src/domain/gate-reports.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { NO_POLICY, following } from './facts.js';
import { HOUR_MS, HURRIED, NOW, own, V10, V11, world } from './world.js';

const SOAKING = own({ soakMs: 48 * HOUR_MS, approval: 'required' });
const PINNED = { ...NO_ORDERS, pin: { release: V10, since: 1, until: null } };
const HELD = following({ rules: { ...NO_POLICY.rules, hold: { reason: 'a fair', until: null } } });
const ALL = 'stuck hold tombstone signature quarantine backoff major approval soak wave checks freeze window';
const NAMED = 'stuck hold tombstone signature quarantine backoff freeze window';

const TABLE: [string, Partial<Facts>, string, string][] = [
  ['a release of the channel is asked everything', {}, ALL, ''],
  ['what is closed says so', SOAKING, ALL, 'approval soak'],
  ['a person who hurries does not wait', { ...SOAKING, request: HURRIED }, ALL, 'approval'],
  ['a release that a person names has its turn', { ...SOAKING, request: { ...HURRIED, to: V11 } }, NAMED, ''],
  ['where it is pinned nothing changes', { ...SOAKING, orders: PINNED }, '', ''],
  ['the fleet’s hold', { policy: HELD }, ALL, 'hold'],
  [
    'a first release is what has been out for longest, whatever the soak',
    { ...own({ soakMs: 48 * HOUR_MS }), upgrade: FRESH },
    'stuck hold tombstone signature quarantine backoff major approval checks freeze window',
    '',
  ],
];

for (const [story, more, asked, closed] of TABLE)
  test(`what the gates say: ${story}`, () => {
    const reports = gateReports(world([[V11, 1]], more));
    assert.equal(reports.map(({ gate }) => gate).join(' '), asked);
    const shut = reports.filter(({ verdict }) => !verdict.open).map(({ gate }) => gate);
    assert.equal(shut.join(' '), closed);
  });

test('what the gates say: a closed one tells the moment', () => {
  const soak = gateReports(world([[V11, 1]], SOAKING)).find(({ gate }) => gate === 'soak');
  assert.ok(soak?.verdict.open === false);
  assert.equal(soak.verdict.until, NOW + 47 * HOUR_MS);
});
