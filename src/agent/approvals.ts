import { isNamed } from '../domain/channel.js';
import { standingOrders, type Approval } from '../domain/orders.js';
import { sameRelease, type Instant, type Release } from '../domain/release.js';
import { changeOrders, readOrders } from '../state/store.js';
import { lookNow } from './look.js';
import { namedRelease } from './request.js';
import type { Root } from './root.js';

// So long somebody's word holds that does not say how long.
const APPROVAL_MS = 7 * 86_400_000;

/** Lets a release come that waits for somebody's word. Throws `TAG_UNKNOWN`, and `STATE_CORRUPT` where a hold may stand in what cannot be read. */
export async function approve(
  root: Root,
  { tag, until }: { tag: string; until: Instant | null },
  signal: AbortSignal,
): Promise<Approval> {
  const others = await approvals(root);
  const release = namedRelease(root, await lookNow(root, signal), tag);
  const since = root.host.clock.now();
  const approval = { release, since, until: until ?? since + APPROVAL_MS };
  const kept = others.filter((other) => !sameRelease(other.release, release));
  await changeOrders(root.layout, { approvals: [...kept, approval] });
  return approval;
}

/** What has been approved here and still holds. Throws `STATE_CORRUPT`. */
export async function approvals({ layout, host }: Root): Promise<readonly Approval[]> {
  return standingOrders(await readOrders(layout), host.clock.now()).approvals;
}

/** Takes the word back. Gives back the release that it was for, or null: there was none. */
export async function withdrawApproval(root: Root, tag: string): Promise<Release | null> {
  const standing = await approvals(root);
  const found = standing.find(({ release }) => isNamed(release, tag, root.config.tagPrefix));
  if (found === undefined) return null;
  await changeOrders(root.layout, { approvals: standing.filter((each) => each !== found) });
  return found.release;
}
