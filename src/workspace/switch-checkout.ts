import { join } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { sha7, type Commit } from '../domain/release.js';
import { openCheckout, type CheckoutGit } from '../os/checkout-git.js';
import { headOf, trackedPaths } from './checkout-changes.js';
import { obstaclesTo, treeDirty } from './checkout-dirty.js';
import { freeLocks, type MoveEffort } from './checkout-locks.js';
import {
  clearHalfway,
  makeWay,
  rescueCommits,
  tellStashes,
  type RescuePlace,
  type Saved,
} from './checkout-rescue.js';
import {
  bringCommit,
  checkOut,
  forgetRefs,
  refuseOwnPaths,
  requireReadable,
  settleHead,
  syncChanged,
} from './checkout-steps.js';
import { planMove, type StagedTree } from './kept-plan.js';
import { readLive, readMove, writeLive, writeMove, type Move } from './kept-record.js';
import {
  dropKeptOf,
  moveIn,
  moveKeptBack,
  moveNewAside,
  moveOut,
  moveStraysAside,
  trimMove,
  type SwapPlace,
} from './kept.js';

export { checkDirty } from './checkout-dirty.js';
export type { MoveEffort } from './checkout-locks.js';
export type { Saved } from './checkout-rescue.js';
export { readLive, writeLive } from './kept-record.js';
export { keptFor } from './kept.js';

const PIN_HINT = 'bring the release back as a new one: pm2-gitops pin';

/** A checkout and the release that it shall move to. */
export interface CheckoutMove {
  readonly root: string;
  /** `<root>/.pm2-gitops`. */
  readonly state: string;
  /** Our bare repository, which has the commit with its history unless the checkout is shallow itself. */
  readonly mirror: string;
  readonly from: { readonly commit: Commit };
  readonly to: { readonly commit: Commit; readonly tag: string };
  readonly staged: StagedTree;
  readonly dirty: 'refuse' | 'stash';
  readonly runId: string;
}

/** A checkout and the release that it shall go back to. */
export interface CheckoutReturn {
  readonly root: string;
  readonly state: string;
  readonly from: { readonly commit: Commit };
  readonly to: { readonly commit: Commit };
  readonly runId: string;
}

/**
 * Has all that a move to a release and the way back need in the checkout's repository, and reads it. Nothing but our own refs is touched.
 * Throws `TREE_BUSY`, and `GIT_FAILED` where objects or refs of the repository are damaged.
 */
export async function prepareMove(
  move: Omit<CheckoutMove, 'staged' | 'dirty'>,
  effort: MoveEffort,
): Promise<void> {
  const { git } = await openPlace(move, effort);
  if (await isDone(git, move)) return;
  await freeLocks(git, effort);
  await bringCommit(git, move);
  await requireReadable(git, move.from.commit, move.to.commit);
}

/**
 * Moves a checkout to a staged release. Can be done again after a kill at any point; the caller holds `upgrade.lock`.
 *
 *     objects → edits → local commits → record → old things out → git checkout --detach → new things in → live.json
 *     └─ user's work is safe ────────┘  └─ from here on the record tells what is half done ─────────────────────┘
 *
 * Returns what of the user's had to make way. Throws `TREE_DIRTY` and `TREE_BUSY` having touched nothing, `RELEASE_INVALID`, `GIT_FAILED`, ….
 */
export async function moveCheckout(move: CheckoutMove, effort: MoveEffort): Promise<Saved[]> {
  const { root, from, to } = move;
  const place = await openPlace(move, effort);
  if (await isDone(place.git, move)) return [];
  await freeLocks(place.git, effort);
  await settleHead(place.git, from.commit);
  await bringCommit(place.git, move);
  await refuseOwnPaths(place.git, to.commit);
  const saved = await undoOther(move, effort);
  const { record, cleared } = await begin(place, move);
  await swap(place, move, record);
  effort.report.step(`checkout: ${root} is at ${to.tag} (${sha7(to.commit)})`);
  return [...saved, ...cleared];
}

/**
 * Puts a checkout back to the release that it was moved away from: the commit, what install and build had made (the same inodes),
 * and `live.json`. Finishes or undoes a half move alike, and can itself be done again after a kill at any point.
 * Never refuses local edits: it rescues them and tells where. Throws `STATE_CORRUPT` where nothing is kept to go back to,
 * `TREE_BUSY` having touched nothing.
 */
export async function moveBack(back: CheckoutReturn, effort: MoveEffort): Promise<Saved[]> {
  const { state, from, to } = back;
  const record = await readMove(state, to.commit);
  if (record !== null && record.to !== from.commit) throw keptForOther(record, from.commit);
  if (record === null) return requireNotLive(state, from.commit);
  const place = await openPlace(back, effort);
  await freeLocks(place.git, effort);
  await settleHead(place.git, from.commit);
  const saved = await clearHalfway(place, [from.commit, to.commit], record.paths);
  saved.push(...(await rescueCommits(place)));
  await swapBack(place, back, record);
  await tellStashes(place);
  effort.report.step(`checkout: ${back.root} is back at ${sha7(to.commit)}`);
  return saved;
}

async function openPlace(
  move: { readonly root: string; readonly state: string; readonly runId: string },
  effort: MoveEffort,
): Promise<RescuePlace> {
  const git = await openCheckout(move.root, effort);
  return { git, state: move.state, runId: move.runId, effort };
}

/** A half move to another release is undone first. */
async function undoOther(move: CheckoutMove, effort: MoveEffort): Promise<Saved[]> {
  const other = await readMove(move.state, move.from.commit);
  if (other === null || other.to === move.to.commit) return [];
  return moveBack({ ...move, from: { commit: other.to }, to: move.from }, effort);
}

/** Has the user's work safe and the move on record, be it a new one or one that was interrupted. */
async function begin(
  place: RescuePlace,
  move: CheckoutMove,
): Promise<{ readonly record: Move; readonly cleared: Saved[] }> {
  const begun = await readMove(move.state, move.from.commit);
  if (begun !== null) {
    const record = await trimMove({ ...move, ...place.effort }, begun);
    const cleared = await clearHalfway(place, [move.to.commit], record.paths);
    return { record, cleared: [...cleared, ...(await rescueCommits(place))] };
  }
  const record = await planMove(place.git, move);
  const cleared = await clearFirst(place, move, record);
  cleared.push(...(await rescueCommits(place)));
  await writeMove(move.state, record);
  return { record, cleared };
}

async function clearFirst(place: RescuePlace, move: CheckoutMove, record: Move): Promise<Saved[]> {
  const { git } = place;
  const head = (await headOf(git)) ?? move.from.commit;
  const found = await obstaclesTo(git, { from: head, to: move.to.commit, exempt: record.paths });
  if (move.dirty === 'refuse' && found.blocking.length > 0) throw treeDirty(move.root, found.blocking);
  return makeWay(place, found, move.to.tag);
}

async function swap({ git, effort }: RescuePlace, move: CheckoutMove, record: Move): Promise<void> {
  const { state, from, to, staged } = move;
  const place: SwapPlace = { ...move, ...effort };
  await moveOut(place, record);
  if ((await headOf(git)) !== to.commit) {
    await moveStraysAside(place, record);
    await checkOut(git, to.commit);
  }
  await moveIn(place, record, staged.tree);
  await syncChanged(git, from.commit, to.commit);
  await forgetRefs(git, [from.commit, to.commit]);
  // What was kept for the new release is of an earlier life of it. Dropped first: `live.json` ends the move.
  await dropKeptOf(place, to.commit);
  const { depsKey, size } = staged;
  await writeLive(state, { schema: 1, commit: to.commit, depsKey, made: [...staged.made], size });
}

/** Without a record the move never began or has been undone: whatever is edited then is none of ours. */
async function requireNotLive(state: string, from: Commit): Promise<Saved[]> {
  if ((await readLive(state))?.commit !== from) return [];
  throw new GitOpsError('STATE_CORRUPT', `nothing is kept of what was live before ${sha7(from)}`, {
    hint: PIN_HINT,
  });
}

async function swapBack({ git, effort }: RescuePlace, back: CheckoutReturn, record: Move): Promise<void> {
  const place: SwapPlace = { ...back, ...effort };
  const head = await headOf(git);
  if (head !== back.to.commit) {
    const tracked = await trackedPaths(git, head ?? back.from.commit);
    await moveNewAside(place, record, tracked);
    // What the user's repository has lost since may be in our mirror.
    const reader = await openCheckout(back.root, { ...effort, borrowFrom: join(back.state, 'mirror.git') });
    await checkOut(reader, back.to.commit);
    await syncChanged(git, back.from.commit, back.to.commit);
  }
  await moveKeptBack(place, record);
}

async function isDone(git: CheckoutGit, { state, to }: Pick<CheckoutMove, 'state' | 'to'>): Promise<boolean> {
  return (await readLive(state))?.commit === to.commit && (await headOf(git)) === to.commit;
}

function keptForOther(record: Move, from: Commit): GitOpsError {
  const message = `what is kept for ${sha7(record.from)} was replaced by ${sha7(record.to)}, not by ${sha7(from)}`;
  return new GitOpsError('STATE_CORRUPT', message, { hint: PIN_HINT });
}
