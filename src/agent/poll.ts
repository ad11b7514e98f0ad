import { decide, mayRepair } from '../domain/decide.js';
import type { Disk } from '../domain/disk.js';
import { isGitOpsError } from '../domain/errors.js';
import { NO_REQUEST, type Facts } from '../domain/facts.js';
import type { Instant } from '../domain/release.js';
import type { PollResult } from '../domain/turn.js';
import type { Upgrade } from '../domain/upgrade.js';
import { entryAt } from '../os/file-at.js';
import { holderOf } from '../state/lock.js';
import { gatherFacts } from './facts.js';
import { launchWorker } from './launch.js';
import { lookNow, takeTurn } from './look.js';
import { diskOf, refusalOf } from './room.js';
import { newRunId } from './run-id.js';
import type { Root } from './root.js';

/**
 * One tick of the poller: looks, if this turn is still to be taken, then asks what there is to do and launches a worker for it.
 * It never fetches, installs or restarts, and may run inside a customer's app. `turn` null: look now, somebody asked.
 * Throws `DISK_FULL`, `DISK_READONLY` where nothing can be written down.
 */
export async function poll(root: Root, turn: Instant | null, signal: AbortSignal): Promise<PollResult> {
  try {
    // What cannot be written down would be looked for by every poller again.
    const disk = diskOf(root);
    const refusal = refusalOf(disk);
    if (refusal !== null) throw refusal;
    const polled = await pollOnce(root, { turn, disk }, signal);
    if (polled !== 'notOurTurn') await tellOthers(root);
    return polled;
  } catch (error) {
    if (isGitOpsError(error, 'DISK_FULL')) await launchForRoom(root);
    throw error;
  }
}

async function pollOnce(
  root: Root,
  { turn, disk }: { turn: Instant | null; disk: Disk },
  signal: AbortSignal,
): Promise<PollResult> {
  const looked = turn === null ? await lookNow(root, signal) : await takeTurn(root, turn, signal);
  const facts = await gatherFacts(root, NO_REQUEST, disk);
  const { step } = decide(facts);
  const unadopted = facts.upgrade.active === null && root.config.strategy === 'checkout';
  // Whoever did not look leaves what is new to the one who did; a dead worker's unfinished work is everybody's.
  if (looked === null && step !== 'finish') return 'notOurTurn';
  const isAtRest = (step === 'nothing' || step === 'wait') && !unadopted;
  const untidy = isUntidy(root, facts.upgrade);
  if (isAtRest && !untidy && !(await hasDrifted(root, facts, signal))) return 'rested';
  if ((await holderOf(root.layout.upgradeLock)) !== null) return 'busy';
  const resumes = step === 'finish' || (isAtRest && untidy);
  await launch(root, resumes ? 'resume' : isAtRest ? 'drift' : 'schedule');
  return 'launched';
}

/** Loaded only by machines that tell somebody. */
async function tellOthers(root: Root): Promise<void> {
  if (root.config.notify.length === 0) return;
  const { callCourier } = await import('./call-courier.js');
  await callCourier(root);
}

/** On a full disk a worker may yet find something to prune. */
async function launchForRoom(root: Root): Promise<void> {
  if ((await holderOf(root.layout.upgradeLock)) === null) await launch(root, 'prune');
}

async function launch(root: Root, cause: string): Promise<void> {
  const nobody = { ...NO_REQUEST, answer: false, startPm2: false };
  await launchWorker(root, { run: await newRunId(root), cause, ...nobody });
}

/** Whether there is something to repair, as far as a short look tells, or the files are to be compared again. That it cannot be told is no reason to act. */
async function hasDrifted(root: Root, facts: Facts, signal: AbortSignal): Promise<boolean> {
  if (!mayRepair(facts)) return false;
  const { isComparisonDue, lookForDrift } = await import('./turn-drift.js');
  try {
    const { drift } = await lookForDrift(root, facts.upgrade, { signal });
    const isToRepair = drift.length > 0 && decide({ ...facts, drift }).step === 'repair';
    return isToRepair || (await isComparisonDue(root, facts));
  } catch (error) {
    if (isGitOpsError(error)) return false;
    throw error;
  }
}

/** Whether a worker was killed before it had tidied up. While something is half done, nothing is tidied. */
function isUntidy({ layout }: Root, { phase }: Upgrade): boolean {
  return (phase.at === 'idle' || phase.at === 'staged') && entryAt(layout.trash) !== null;
}
