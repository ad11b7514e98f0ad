import type { Commit } from '../domain/release.js';
import { openCheckout } from '../os/checkout-git.js';
import { changesBetween, editsOf, headOf, inTheWay } from './checkout-changes.js';
import { obstacles } from './checkout-rescue.js';
import type { Effort } from './effort.js';
import { readLive, readMove } from './kept-record.js';

/** What to ask before staging: which files would make `moveCheckout` refuse. */
export interface DirtyQuestion {
  readonly root: string;
  readonly state: string;
  /** Where the release's objects lie if the checkout does not have them yet. */
  readonly mirror?: string;
  readonly from: { readonly commit: Commit };
  readonly to: { readonly commit: Commit };
}

/** The files that block a move, touching nothing. While the move itself is half done none do: they are its own. */
export async function checkDirty(question: DirtyQuestion, effort: Effort): Promise<string[]> {
  const { root, state, mirror, from, to } = question;
  if ((await readMove(state, from.commit))?.to === to.commit) return [];
  const git = await openCheckout(root, { ...effort, borrowFrom: mirror });
  const head = (await headOf(git)) ?? from.commit;
  const known = (await git.ask(['rev-parse', '--verify', '--quiet', `${to.commit}^{tree}`])) !== null;
  const live = await readLive(state);
  const untracked = known
    ? await inTheWay(git, await changesBetween(git, head, to.commit), live?.made ?? [])
    : [];
  return [...obstacles(await editsOf(git), untracked).blocking];
}
