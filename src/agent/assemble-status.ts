import { mayRepair } from '../domain/decide.js';
import type { Facts } from '../domain/facts.js';
import type { Orphan } from '../domain/orphan.js';
import { statusOf, type Status } from '../domain/status.js';
import { tellDrift } from '../domain/tell-drift.js';
import { recordedFacts } from './glance.js';
import type { DriftLook } from './look-drift.js';
import type { Root } from './root.js';

/** What was found beside the records. */
interface Found extends DriftLook {
  readonly orphans: readonly Orphan[];
}

/** The status by what was gathered and found. */
export async function assembleStatus(
  root: Root,
  facts: Facts,
  { drift, processes, trail, silence, orphans }: Found,
): Promise<Status> {
  const { active, repairs } = facts.upgrade;
  return statusOf({
    ...(await recordedFacts(root, facts)),
    ...{ processes, trail, orphans },
    drift:
      active === null
        ? []
        : tellDrift(drift, { active, allowed: mayRepair(facts), repairs, asked: false, now: facts.now }),
    warnings: silence === null ? [] : [silence.message],
  });
}
