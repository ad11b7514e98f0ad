import { placeOf } from '../../src/agent/identity.js';
import type { Group, GroupRules, MachineIdentity, Policy } from '../../src/domain/policy.js';
import type { Rollout } from '../../src/domain/rollout.js';
import { ownRules } from './facts.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** Rules that say nothing but what is given. */
export function groupRules(more: Partial<GroupRules> = {}): GroupRules {
  return {
    ...{ channel: null, pin: null, hold: null, windows: null, freezes: [], soakMs: null },
    ...{ wave: null, canary: null, major: null, approval: null },
    ...more,
  };
}

/** A policy that says nothing but what is given. */
export function policyWith(more: Partial<Policy> = {}): Policy {
  return {
    ...{ version: 1, expires: null, rules: groupRules(), groups: [], channels: {} },
    ...{ tombstones: [], barriers: [], approved: [], roster: [] },
    ...more,
  };
}

/** The machines whose names fit a glob. */
export function group(name: string, glob: string, rules: Partial<GroupRules>): Group {
  return { name, match: { ids: [], names: [glob], labels: {} }, rules: groupRules(rules) };
}

/** The machine `vps-<n>`, the same each time. */
export function machine(n: number): MachineIdentity {
  return { id: `machine-${n}`, name: `vps-${String(n).padStart(4, '0')}`, labels: {} };
}

/** The machines from `vps-0000` on. */
export function machines(count: number): MachineIdentity[] {
  return Array.from({ length: count }, (_, n) => machine(n));
}

/** v1.1.0 comes out at noon, over v1.0.0, on machines that look every five minutes. */
export function rolloutWith(more: Partial<Rollout> = {}): Rollout {
  return {
    ...{ policy: policyWith(), tag: 'v1.1.0', from: 'v1.0.0', out: Date.parse('2026-11-24T12:00:00Z') },
    ...{ own: ownRules(), pollEveryMs: 5 * MINUTE_MS, tagPrefix: '', zone: 'UTC', placeOf },
    ...more,
  };
}
