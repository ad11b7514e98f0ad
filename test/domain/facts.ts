import type { Facts } from '../../src/domain/facts.js';
import { NO_REQUEST } from '../../src/domain/facts.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { Channel } from '../../src/domain/channel.js';
import type { Policy, PolicyState } from '../../src/domain/policy.js';
import type { OwnRules } from '../../src/domain/rules.js';
import { NO_FORGE } from '../../src/domain/forge.js';
import { NO_TRUST } from '../../src/domain/trust.js';
import { FRESH } from '../../src/domain/upgrade.js';

/** A disk with room. */
export const ROOMY: Facts['disk'] = { at: 'writable', path: '/srv/shop', bytes: 1e9, files: null };

/** A machine's own file that says nothing but the channel. */
export function ownRules(more: Partial<OwnRules> = {}): OwnRules {
  const channel: Channel = { kind: 'stable' };
  return {
    ...{ channel, channelText: 'stable', windows: null, freezes: [], soakMs: 0 },
    ...{ wave: null, canary: false, major: 'auto', approval: 'none' },
    ...more,
  };
}

/** A policy that says nothing. */
export const NO_POLICY: Policy = {
  ...{ version: 1, expires: null, groups: [], channels: {}, tombstones: [], barriers: [] },
  ...{ approved: [], roster: [] },
  rules: {
    ...{ channel: null, pin: null, hold: null, windows: null, freezes: [], soakMs: null },
    ...{ wave: null, canary: null, major: null, approval: null },
  },
};

/** A policy that was read and is followed. */
export function following(policy: Partial<Policy>): Extract<PolicyState, { at: 'read' }> {
  const read = { commit: '1'.repeat(40), tried: '1'.repeat(40), problem: null };
  return { at: 'read', policy: { ...NO_POLICY, ...policy }, ...read };
}

/** What is to be decided on by a machine in the middle of every wave, where nothing has happened yet. */
export function factsWith(more: Partial<Facts> = {}): Facts {
  return {
    ...{ upgrade: FRESH, orders: NO_ORDERS, observed: null, dates: {}, trust: NO_TRUST, forge: NO_FORGE },
    request: NO_REQUEST,
    machine: { id: 'machine-1', name: 'vps-01', labels: {} },
    ...{ own: ownRules(), policy: { at: 'none' }, tagPrefix: '', placeOf: () => 0.5 },
    ...{ pollEveryMs: 300_000, disk: ROOMY, underWay: false, drift: [], driftPolicy: 'repair' },
    ...{ zone: 'Europe/Berlin', now: 1_000 },
    ...more,
  };
}
