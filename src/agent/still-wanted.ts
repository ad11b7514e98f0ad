import { GitOpsError } from '../domain/errors.js';
import { describeRelease, sameRelease } from '../domain/release.js';
import type { Phase, Upgrade } from '../domain/upgrade.js';
import { gatherFacts } from './facts.js';
import { decideInformed } from './learn.js';
import type { Workplace } from './workplace.js';

/**
 * Asks the gates once more, after a hook that may have taken minutes: whoever held or pinned the machine meanwhile must find it so.
 * Throws `HELD`, having touched nothing. A resumed activation is not asked: it may have switched already, and then goes on.
 */
export async function requireStillWanted(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, starts }: Extract<Phase, { at: 'activating' }>,
): Promise<void> {
  if (starts > 1) return;
  const staged: Phase = { at: 'staged', release, run, starts: 1 };
  const { decision, error } = await decideInformed(place, async () => ({
    ...(await gatherFacts(place.root, place.order)),
    upgrade: { ...upgrade, phase: staged },
    // What began within a window goes on to its end.
    underWay: true,
  }));
  const { desired, step, why } = decision;
  const isWanted = sameRelease(desired, release);
  if (isWanted && step === 'activate') return;
  const reason = isWanted
    ? (error?.message ?? why?.detail ?? 'it has to wait')
    : `${nameOf(desired)} is wanted by now`;
  throw new GitOpsError('HELD', `${describeRelease(release)} is not activated: ${reason}`);
}

function nameOf(desired: Parameters<typeof sameRelease>[0]): string {
  return desired === null ? 'nothing' : describeRelease(desired);
}
