import { decide, mayRepair, type Facts } from '../domain/decide.js';
import { isGitOpsError } from '../domain/errors.js';
import type { Instant } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { exists } from '../os/files.js';
import { holderOf } from '../state/lock.js';
import { gatherFacts } from './facts.js';
import { launchWorker } from './launch.js';
import { lookNow, takeTurn } from './look.js';
import { newRunId } from './run-id.js';
import type { Root } from './root.js';

/** What a poll did. */
export type Polled = 'notOurTurn' | 'rested' | 'launched' | 'busy';

/**
 * One tick of the poller: looks, if this turn is still to be taken, then asks what there is to do and launches a worker for it.
 * It never fetches, installs or restarts, and may run inside a customer's app. `turn` null: look now, somebody asked.
 */
export async function poll(root: Root, turn: Instant | null, signal: AbortSignal): Promise<Polled> {
  const looked = turn === null ? await lookNow(root, signal) : await takeTurn(root, turn, signal);
  const facts = await gatherFacts(root);
  const { step } = decide(facts);
  const unadopted = facts.upgrade.active === null && root.config.strategy === 'checkout';
  // Whoever did not look leaves what is new to the one who did; a dead worker's unfinished work is everybody's.
  if (looked === null && step !== 'finish') return 'notOurTurn';
  const isAtRest = (step === 'nothing' || step === 'wait') && !unadopted;
  const untidy = await isUntidy(root, facts.upgrade);
  if (isAtRest && !untidy && !(await hasDrifted(root, facts, signal))) return 'rested';
  if ((await holderOf(root.layout.upgradeLock)) !== null) return 'busy';
  const cause = step === 'finish' || (isAtRest && untidy) ? 'resume' : isAtRest ? 'drift' : 'schedule';
  await launchWorker(root, {
    run: await newRunId(root),
    cause,
    to: null,
    impatient: false,
    answer: false,
    startPm2: false,
  });
  return 'launched';
}

/** Whether there is something to repair, as far as a short look tells, or the files are to be compared again. That it cannot be told is no reason to act. */
async function hasDrifted(root: Root, facts: Facts, signal: AbortSignal): Promise<boolean> {
  if (!mayRepair(facts)) return false;
  const { isComparisonDue, lookForDrift } = await import('./turn-drift.js');
  try {
    const { drift } = await lookForDrift(root, facts.upgrade, { signal });
    return decide({ ...facts, drift }).step === 'repair' || (await isComparisonDue(root, facts));
  } catch (error) {
    if (isGitOpsError(error)) return false;
    throw error;
  }
}

/** Whether a worker was killed before it had tidied up. While something is half done, nothing is tidied. */
async function isUntidy({ layout }: Root, { phase }: Upgrade): Promise<boolean> {
  return (phase.at === 'idle' || phase.at === 'staged') && (await exists(layout.trash));
}
