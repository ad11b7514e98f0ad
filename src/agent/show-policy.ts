import type { Facts } from '../domain/facts.js';
import { standingOrders } from '../domain/orders.js';
import { originsOf, type RuleOrigin } from '../domain/origins.js';
import { policyStatus, type PolicyStatus } from '../domain/policy-status.js';
import { rulesOf, type Rules } from '../domain/rules.js';
import { gatherFacts } from './facts.js';
import type { Root } from './root.js';

/** What the fleet's policy says of this machine. */
export interface ShownPolicy {
  /** Null: `gitops.json` names none. */
  readonly policy: PolicyStatus | null;
  /** Who says what, rule by rule. */
  readonly origins: readonly RuleOrigin[];
  /** What comes of it. */
  readonly rules: Rules;
}

/** Puts together what holds for this machine by its records, and where each rule comes from. */
export async function showPolicy(root: Root): Promise<ShownPolicy> {
  return policyShown(await gatherFacts(root));
}

/** The same, of what is gathered already. */
export function policyShown(facts: Facts): ShownPolicy {
  const { pin, hold } = standingOrders(facts.orders, facts.now);
  const { machine, own, policy, zone, now } = facts;
  const sources = { machine, own, policy, zone, now, hold };
  return {
    policy: policyStatus(policy, machine),
    origins: originsOf({ ...sources, pin }),
    rules: rulesOf(sources),
  };
}

/** What holds for this machine by its records. */
export async function rulesHere(root: Root): Promise<Rules> {
  return (await showPolicy(root)).rules;
}
