import { behindSince, type MetricsFacts, type Poller } from '../domain/metrics.js';
import { assembleStatus } from './assemble-status.js';
import { ownVersion } from './compose.js';
import { gatherFacts } from './facts.js';
import { lookForDrift } from './look-drift.js';
import type { Root } from './root.js';

/** Reads what the measures are taken from: the records, and by a short look what a poll would see. */
export async function measure(root: Root, poller: Poller | null, signal: AbortSignal): Promise<MetricsFacts> {
  const facts = await gatherFacts(root);
  const look = await lookForDrift(root, facts.upgrade, { signal });
  const status = await assembleStatus(root, facts, { ...look, orphans: [] });
  const { observed, now } = facts;
  return {
    status,
    observed,
    behindSince: behindSince(status, facts),
    version: await ownVersion(),
    poller,
    now,
  };
}
