import type { Upgrade } from '../domain/upgrade.js';
import { prune } from '../workspace/prune.js';
import { effortOf, type Workplace } from './workplace.js';

const PRUNE_LIMIT_MS = 120_000;

/** Removes what no way leads back to. Never a reason for a run to fail: what could not be removed is removed next time. */
export async function tidy(place: Workplace, { active, previous, phase }: Upgrade): Promise<void> {
  const { layout, config } = place.root;
  const candidate = phase.at === 'idle' ? null : phase.release;
  const protect = [active?.release, previous, candidate].flatMap((release) =>
    release == null ? [] : [release.commit],
  );
  const running = phase.at === 'idle' || phase.at === 'stuck' ? [] : [phase.run];
  await prune(
    {
      root: layout.root,
      state: layout.state,
      strategy: config.strategy,
      keep: config.keep,
      protect,
      runs: running,
    },
    effortOf(place, PRUNE_LIMIT_MS),
  );
}
