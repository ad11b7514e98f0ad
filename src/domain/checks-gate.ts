import { checksDueAt, checksOf, type Forge } from './forge.js';
import type { Gate, GateFacts } from './gate.js';
import { sayMoment } from './moment.js';
import { describeRelease, type Release } from './release.js';
import { closed, OPEN } from './verdict.js';

/** A release waits until its commit's checks are green, where the machine asks for them. What is not known is not green. */
export const checksGate: Gate = (release, { forge, now, zone }) => {
  if (forge.at === 'off') return OPEN;
  const verdict = checksOf(forge, release.commit);
  if (verdict?.state === 'green') return OPEN;
  const dueAt = checksDueAt(forge, release.commit, now);
  const until = dueAt !== null && dueAt > now ? dueAt : null;
  const { trouble } = forge.record;
  const again = until === null ? '' : `; asked again ${sayMoment(until, now, zone)}`;
  const why = trouble === null ? again : `; GitHub could not be asked: ${trouble.problem}${again}`;
  const what = describeRelease(release);
  if (verdict === null)
    return closed(trouble === null ? 'approval' : 'offline', until, `${what} waits for its checks${why}`);
  if (verdict.state === 'none') return closed('approval', until, `${what} has no checks yet${why}`);
  const names = listed(verdict.names);
  return verdict.state === 'failed'
    ? closed('approval', until, `${what}: its checks failed: ${names}${why}`)
    : closed('approval', until, `${what} waits for its checks: ${names}${why}`);
};

const MOST_NAMED = 5;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Whether the checks of a release are to be read now. */
export function areChecksDue(
  { commit }: Release,
  { forge, now }: Pick<GateFacts, 'now'> & { forge: Forge },
): boolean {
  if (forge.at === 'off' || forge.wanted === 'none') return false;
  const dueAt = checksDueAt(forge, commit, now);
  return dueAt !== null && dueAt <= now;
}
