import { mayBeWhole } from '../domain/run.js';
import { FRESH, type Upgrade } from '../domain/upgrade.js';
import { openJournal, readJournal, type Entry, type Journal } from '../state/journal.js';
import { listRuns } from '../state/runs.js';
import type { Root } from './root.js';

/** A journal that its only writer has opened, and what it tells. */
export interface OpenUpgrade {
  readonly journal: Journal;
  readonly upgrade: Upgrade;
  /** Whether the journal was lost, and the upgrade is what the root's traces tell. */
  readonly retraced: boolean;
}

/** The upgrade as the journal tells it; where that is lost, as the root's traces do. Throws `STATE_NEWER`. */
export async function knownUpgrade(root: Root): Promise<Upgrade> {
  const entry = await readJournal(root.layout.journal);
  return entry !== null && (await isWhole(root, entry)) ? entry.upgrade : retraced(root);
}

/** Opens the journal for the holder of `upgrade.lock`; what had to be retraced is written down first. Throws `STATE_NEWER`. */
export async function openUpgrade(root: Root): Promise<OpenUpgrade> {
  const journal = await openJournal(root.layout.journal);
  const { entry } = journal;
  if (entry !== null && (await isWhole(root, entry)))
    return { journal, upgrade: entry.upgrade, retraced: false };
  const upgrade = await retraced(root);
  if (upgrade === FRESH) return { journal, upgrade, retraced: false };
  await journal.append(upgrade, root.host.clock.now());
  return { journal, upgrade, retraced: true };
}

async function isWhole({ layout }: Root, { upgrade }: Entry): Promise<boolean> {
  const [newest] = await listRuns(layout, 1);
  return newest === undefined || mayBeWhole(upgrade, newest);
}

/** Loaded only where it is needed: a poll hardly ever does. */
async function retraced(root: Root): Promise<Upgrade> {
  const { retrace } = await import('./retrace.js');
  return retrace(root);
}
