import type { Facts } from '../domain/facts.js';
import { isLookDue } from '../domain/standing.js';
import { uptimeMs } from '../os/clock.js';
import { readCompared } from '../state/store.js';
import type { Root } from './root.js';

/** Whether a worker should compare the files of the active release: once a day, and after the machine was started. */
export async function isComparisonDue({ config, layout }: Root, { upgrade, now }: Facts): Promise<boolean> {
  const { active } = upgrade;
  if (active === null || config.strategy !== 'releases') return false;
  const compared = await readCompared(layout);
  const last = compared?.commit === active.release.commit ? compared.at : null;
  return isLookDue(last, { now, bootedAt: now - uptimeMs() });
}
