import { FLOOR, isShortOf, type Space } from '../domain/disk.js';
import type { Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { dropAppRecord } from '../state/app-record.js';
import { makeReserve } from '../state/reserve.js';
import { prune } from '../workspace/prune.js';
import { diskOf } from './room.js';
import { effortOf, type Workplace } from './workplace.js';

const PRUNE_LIMIT_MS = 120_000;

/** How much room there should be afterwards, and which release is spared beside those that serve. */
interface Wish {
  readonly need?: Space;
  readonly spare?: Release | null;
}

/**
 * Removes what no way leads back to, once nothing is half done. What cannot be removed now is removed next time.
 * While the disk is short of room, no older release is kept.
 */
export async function tidy(
  place: Workplace,
  { active, previous, phase, trail }: Upgrade,
  { need = FLOOR, spare = null }: Wish = {},
): Promise<void> {
  if (phase.at !== 'idle' && phase.at !== 'staged') return;
  const { layout, config } = place.root;
  const disk = diskOf(place.root);
  if (phase.at === 'idle') await dropAppRecord(layout);
  const candidate = phase.at === 'staged' ? phase.release : null;
  // What the root names stays too: `rollback: never` leaves it at a release that is not active.
  const named = [active?.release, previous, candidate, spare, trail.at(-1)].flatMap(
    (step) => step?.commit ?? [],
  );
  const protect = [...new Set(named)];
  const runIds = phase.at === 'staged' ? [phase.run] : [];
  const request = {
    root: layout.root,
    state: layout.state,
    strategy: config.strategy,
    keep: isShortOf(disk, need) ? 0 : config.keep,
    protect,
    kept: previous === null ? [] : [previous.commit],
    runIds,
  };
  await prune(request, effortOf(place, PRUNE_LIMIT_MS));
  await makeReserve(layout.reserve);
}
