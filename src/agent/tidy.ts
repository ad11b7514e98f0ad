import type { Upgrade } from '../domain/upgrade.js';
import { dropAppRecord } from '../state/app-record.js';
import { prune } from '../workspace/prune.js';
import { dropKept } from '../workspace/switch-checkout.js';
import { effortOf, type Workplace } from './workplace.js';

const PRUNE_LIMIT_MS = 120_000;

/** Removes what no way leads back to, once nothing is half done. What cannot be removed now is removed next time. */
export async function tidy(place: Workplace, { active, previous, phase, trail }: Upgrade): Promise<void> {
  if (phase.at !== 'idle' && phase.at !== 'staged') return;
  const { layout, config } = place.root;
  if (phase.at === 'idle') await dropAppRecord(layout);
  const candidate = phase.at === 'staged' ? phase.release : null;
  // What the root names stays too: `rollback: never` leaves it at a release that is not active.
  const named = [active?.release, previous, candidate, trail.at(-1)].flatMap((step) => step?.commit ?? []);
  const protect = [...new Set(named)];
  const runIds = phase.at === 'staged' ? [phase.run] : [];
  const request = {
    root: layout.root,
    state: layout.state,
    strategy: config.strategy,
    keep: config.keep,
    protect,
    runIds,
  };
  if (config.strategy === 'checkout')
    await dropKept(layout.state, previous === null ? [] : [previous.commit]);
  await prune(request, effortOf(place, PRUNE_LIMIT_MS));
}
