import { decide, mayRepair, wishFacts } from '../domain/decide.js';
import { tellDrift } from '../domain/tell-drift.js';
import { standingOrders } from '../domain/orders.js';
import { restsUntil } from '../domain/outage.js';
import type { Facts } from '../domain/facts.js';
import { policyStatus } from '../domain/policy-status.js';
import type { Instant } from '../domain/release.js';
import { statusOf, type Status } from '../domain/status.js';
import { holderOf } from '../state/lock.js';
import { newestEnded } from './ended-runs.js';
import { gatherFacts } from './facts.js';
import { lookByEye } from './look-closely.js';
import { findOrphans } from './orphans.js';
import type { Root } from './root.js';
import { turnsOf } from './turns.js';

/** Reads everything that `status` tells, and asks pm2 for its list. Without a pm2 daemon it says so and tells the rest. */
export async function readStatus(root: Root, signal: AbortSignal): Promise<Status> {
  const { config, layout, machine, host } = root;
  const facts = await gatherFacts(root);
  const { rules } = wishFacts(facts);
  const look = await lookByEye(root, facts.upgrade, signal);
  const { active, repairs } = facts.upgrade;
  return statusOf({
    identity: {
      root: layout.root,
      strategy: config.strategy,
      machine: { id: machine.id, name: config.name ?? host.hostName },
      channel: rules.channelText,
    },
    upgrade: facts.upgrade,
    pin: standingOrders(facts.orders, facts.now).pin?.release ?? null,
    policy: policyStatus(facts.policy, facts.machine),
    decision: decide(facts),
    observed: facts.observed,
    now: facts.now,
    processes: look.processes,
    trail: look.trail,
    lastRun: await newestEnded(root),
    nextPoll: (await turnsOf(root)).following(restOf(facts) ?? facts.now),
    worker: await holderOf(layout.upgradeLock),
    drift:
      active === null
        ? []
        : tellDrift(look.drift, { active, allowed: mayRepair(facts), repairs, asked: false, now: facts.now }),
    orphans: look.silence === null ? await findOrphans(root, active?.apps ?? null, signal) : [],
    warnings: look.silence === null ? [] : [look.silence.message],
  });
}

/** Turns until then come, but do not look. */
function restOf({ observed, now }: Facts): Instant | null {
  return observed === null ? null : restsUntil(observed.outage, { at: observed.at, now });
}
