import { decide, wishFacts } from '../domain/decide.js';
import type { Facts } from '../domain/facts.js';
import { standingOrders } from '../domain/orders.js';
import { restsUntil } from '../domain/outage.js';
import { policyStatus } from '../domain/policy-status.js';
import type { Instant } from '../domain/release.js';
import { statusOf, type Status, type StatusFacts } from '../domain/status.js';
import { holderOf } from '../state/lock.js';
import { newestEnded } from './ended-runs.js';
import { gatherFacts } from './facts.js';
import type { Root } from './root.js';
import { turnsOf } from './turns.js';

/** What the records alone tell of a root: nothing of its processes. */
export type Glance = Omit<Status, 'processes' | 'drift' | 'orphans'>;

/** Reads what the records tell, without a word to pm2 or git: for what is asked every few seconds. */
export async function readGlance(root: Root): Promise<Glance> {
  const facts = await recordedFacts(root, await gatherFacts(root));
  return statusOf({ ...facts, ...{ processes: [], trail: [], drift: [], orphans: [], warnings: [] } });
}

/** The part of `status` that the records tell. */
export async function recordedFacts(
  root: Root,
  facts: Facts,
): Promise<Omit<StatusFacts, 'processes' | 'trail' | 'drift' | 'orphans' | 'warnings'>> {
  const { config, layout, machine, host } = root;
  return {
    identity: {
      root: layout.root,
      strategy: config.strategy,
      machine: { id: machine.id, name: config.name ?? host.hostName },
      channel: wishFacts(facts).rules.channelText,
    },
    upgrade: facts.upgrade,
    pin: standingOrders(facts.orders, facts.now).pin?.release ?? null,
    policy: policyStatus(facts.policy, facts.machine),
    decision: decide(facts),
    observed: facts.observed,
    now: facts.now,
    lastRun: await newestEnded(root),
    nextPoll: (await turnsOf(root)).following(restOf(facts) ?? facts.now),
    worker: await holderOf(layout.upgradeLock),
  };
}

/** Turns until then come, but do not look. */
function restOf({ observed, now }: Facts): Instant | null {
  return observed === null ? null : restsUntil(observed.outage, { at: observed.at, now });
}
