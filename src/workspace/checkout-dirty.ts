import { basename } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import type { Commit } from '../domain/release.js';
import { openCheckout, type CheckoutGit } from '../os/checkout-git.js';
import { changesBetween, editsOf, headOf, hiddenEdits, inTheWay, type Edit } from './checkout-changes.js';
import type { Effort } from './effort.js';
import { readLive, readMove } from './kept-record.js';

/** What stands between a checkout and a release. */
export interface Obstacles {
  readonly edits: readonly Edit[];
  readonly inTheWay: readonly string[];
  /** Edits that git was told not to look at. */
  readonly hidden: readonly string[];
  /** Those of all that the user must decide about. */
  readonly blocking: readonly string[];
}

const LOCKFILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
];
const NAMED = 10;

/** Whether a path is a lockfile: an `npm install` by hand dirties it, and nobody means it as an edit. */
export function isLockfile(path: string): boolean {
  return LOCKFILES.includes(basename(path));
}

/** The refusal that names the files. */
export function treeDirty(root: string, files: readonly string[]): GitOpsError {
  const named = files.slice(0, NAMED).join(', ');
  const rest = files.length > NAMED ? `, and ${files.length - NAMED} more` : '';
  return new GitOpsError('TREE_DIRTY', `local changes in ${root}: ${named}${rest}`, {
    hint: 'commit, move or discard them, or say "dirty": "stash" in gitops.json',
  });
}

/** From which commit to which, and what of the work tree is ours. */
export interface Span {
  readonly from: Commit;
  readonly to: Commit;
  readonly exempt: readonly string[];
}

/** Looks for what stands in the way of a checkout, touching nothing. */
export async function obstaclesTo(git: CheckoutGit, { from, to, exempt }: Span): Promise<Obstacles> {
  const changes = await changesBetween(git, from, to);
  const [untracked, hidden, edits] = await Promise.all([
    inTheWay(git, changes, exempt),
    hiddenEdits(git, changes),
    editsOf(git, from),
  ]);
  return sort({ edits, inTheWay: untracked, hidden });
}

/** Whether an edit is only what an `npm install` by hand leaves. */
export function isDirtiedLockfile({ path, status }: Edit): boolean {
  return isLockfile(path) && /^[ MD][ MD]$/.test(status);
}

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
  const found = known
    ? await obstaclesTo(git, { from: head, to: to.commit, exempt: live?.made ?? [] })
    : await editsOnly(git, head);
  return [...found.blocking];
}

/** All that can be said while the release's commit is nowhere on this machine. */
async function editsOnly(git: CheckoutGit, live: Commit): Promise<Obstacles> {
  return sort({ edits: await editsOf(git, live), inTheWay: [], hidden: [] });
}

function sort(found: Omit<Obstacles, 'blocking'>): Obstacles {
  const edits = found.edits.filter((edit) => !isDirtiedLockfile(edit)).map(({ path }) => path);
  const others = [...found.inTheWay, ...found.hidden].filter((path) => !isLockfile(path));
  return { ...found, blocking: [...edits, ...others] };
}
