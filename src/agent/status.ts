import { mayRepair } from '../domain/decide.js';
import { statusOf, type Status } from '../domain/status.js';
import { tellDrift } from '../domain/tell-drift.js';
import { gatherFacts } from './facts.js';
import { recordedFacts } from './glance.js';
import { lookByEye } from './look-closely.js';
import { findOrphans } from './orphans.js';
import type { Root } from './root.js';

/** Reads everything that `status` tells, and asks pm2 for its list. Without a pm2 daemon it says so and tells the rest. */
export async function readStatus(root: Root, signal: AbortSignal): Promise<Status> {
  const facts = await gatherFacts(root);
  const look = await lookByEye(root, facts.upgrade, signal);
  const { active, repairs } = facts.upgrade;
  return statusOf({
    ...(await recordedFacts(root, facts)),
    processes: look.processes,
    trail: look.trail,
    drift:
      active === null
        ? []
        : tellDrift(look.drift, { active, allowed: mayRepair(facts), repairs, asked: false, now: facts.now }),
    orphans: look.silence === null ? await findOrphans(root, active?.apps ?? null, signal) : [],
    warnings: look.silence === null ? [] : [look.silence.message],
  });
}
