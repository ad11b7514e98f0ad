import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { sha7, type Commit } from '../domain/release.js';
import { openCheckout, type CheckoutGit } from '../os/checkout-git.js';
import { exists, hasErrno, syncFolder } from '../os/files.js';
import { changesBetween, editsOf, headOf, inTheWay, trackedPaths } from './checkout-changes.js';
import { freeLocks, type MoveEffort } from './checkout-locks.js';
import {
  clearHalfway,
  makeWay,
  obstacles,
  rescueCommits,
  tellStashes,
  treeDirty,
  type RescuePlace,
  type Saved,
} from './checkout-rescue.js';
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
import { readLive, readMove, writeLive, writeMove, type Move } from './kept-record.js';

export { dropKept, keptFor } from './kept.js';
export { readLive, type Live } from './kept-record.js';
export type { MoveEffort } from './checkout-locks.js';
export type { Saved } from './checkout-rescue.js';

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

/** A complete tree; `made` are its topmost paths that the commit does not track, shared ones left out. */
export interface StagedTree {
  readonly tree: string;
  readonly made: readonly string[];
  readonly depsKey: string | null;
  /** `kept`, `none`: the live `node_modules` stay where they are. */
  readonly modules: 'installed' | 'reused' | 'kept' | 'none';
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
 * Moves a checkout to a staged release. Can be done again after a kill at any point; the caller holds `upgrade.lock`.
 *
 *     objects → edits → local commits → record → old things out → git checkout --detach → new things in → live.json
 *     └─ user's work is safe ────────┘  └─ from here on the record tells what is half done ─────────────────────┘
 *
 * Returns what of the user's had to make way. Throws `TREE_DIRTY` having touched nothing, `RELEASE_INVALID`, `GIT_FAILED`, ….
 */
export async function moveCheckout(move: CheckoutMove, effort: MoveEffort): Promise<Saved[]> {
  const { root, from, to } = move;
  const place = await openPlace(move, effort);
  await settleHead(place.git, from.commit);
  if (await isDone(place.git, move)) return [];
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
 * Never refuses local edits: it rescues them and tells where.
 */
export async function moveBack(back: CheckoutReturn, effort: MoveEffort): Promise<Saved[]> {
  const { state, from, to } = back;
  const place = await openPlace(back, effort);
  const swapPlace = { ...back, ...effort };
  await settleHead(place.git, from.commit);
  const record = await readMove(state, to.commit);
  if (record !== null && record.to !== from.commit) throw keptForOther(record, from.commit);
  const halves = record === null ? [to.commit] : [record.to, to.commit];
  const saved = await clearHalfway(place, halves, record?.paths ?? []);
  saved.push(...(await rescueCommits(place)));
  const head = await headOf(place.git);
  if (head !== to.commit) {
    if (record !== null)
      await moveNewAside(swapPlace, record, await trackedPaths(place.git, head ?? from.commit));
    await checkOut(place.git, to.commit);
    await syncChanged(place.git, from.commit, to.commit);
  }
  if (record !== null) await moveKeptBack(swapPlace, record);
  await tellStashes(place);
  effort.report.step(`checkout: ${back.root} is back at ${sha7(to.commit)}`);
  return saved;
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
export async function checkDirty(
  question: DirtyQuestion,
  effort: Omit<MoveEffort, 'clock'>,
): Promise<string[]> {
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

async function openPlace(
  move: { readonly root: string; readonly state: string; readonly runId: string },
  effort: MoveEffort,
): Promise<RescuePlace> {
  const git = await openCheckout(move.root, effort);
  await freeLocks(git, effort);
  return { git, state: move.state, runId: move.runId, effort };
}

/** A HEAD that names a deleted branch would make git take every tracked file for untracked: it is put on the commit that is live. */
async function settleHead(git: CheckoutGit, live: Commit): Promise<void> {
  if ((await headOf(git)) === null) await git.run(['update-ref', '--no-deref', 'HEAD', live]);
}

/** Has both releases' commits under refs of ours; the user's branches, tags and remotes are not touched. */
async function bringCommit(git: CheckoutGit, { mirror, from, to }: CheckoutMove): Promise<void> {
  if ((await git.ask(['rev-parse', '--verify', '--quiet', `${from.commit}^{commit}`])) !== null) {
    await git.run(['update-ref', releaseRef(from.commit), from.commit]);
  }
  if ((await git.ask(['rev-parse', '--verify', '--quiet', releaseRef(to.commit)])) !== null) return;
  // Protocol 2 hands out any object by its id.
  const settings = ['-c', 'protocol.version=2', '-c', 'fetch.writeCommitGraph=false'];
  const flags = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--update-shallow',
  ];
  await git.run([...settings, 'fetch', ...flags, mirror, `${to.commit}:${releaseRef(to.commit)}`]);
}

/** A pushed commit must not reach our state, nor its own gatekeeper. Case does not matter where the disk does not care. */
async function refuseOwnPaths(git: CheckoutGit, to: Commit): Promise<void> {
  const head = await headOf(git);
  if (head === null || head === to) return;
  const changes = await changesBetween(git, head, to);
  const own = changes.find(({ path }) => /^(\.pm2-gitops(\/|$)|gitops\.json$)/i.test(path));
  if (own === undefined) return;
  throw new GitOpsError(
    'RELEASE_INVALID',
    `the release ${sha7(to)} changes ${own.path}, which belongs to this machine`,
    {
      hint: 'remove it from the repository',
    },
  );
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

async function planMove(git: CheckoutGit, { root, state, from, to, staged }: CheckoutMove): Promise<Move> {
  const before = await readLive(state);
  const stays = staged.modules === 'kept' || staged.modules === 'none';
  const swapped = (path: string): boolean => !(stays && path.split('/').includes('node_modules'));
  const incoming = topmost(staged.made.filter(swapped));
  const outgoing = before?.commit === from.commit ? before.made.filter(swapped) : [];
  const paths = topmost([...incoming, ...outgoing]);
  const tracked = await trackedPaths(git, (await headOf(git)) ?? from.commit);
  const mixed = paths.filter((path) => tracked.has(path));
  const present = await Promise.all(paths.map((path) => exists(join(root, path))));
  const had = paths.filter((path, i) => present[i] === true && !mixed.includes(path));
  return { schema: 1, from: from.commit, to: to.commit, paths, incoming, had, mixed, before };
}

async function clearFirst(place: RescuePlace, move: CheckoutMove, record: Move): Promise<Saved[]> {
  const { git } = place;
  const changes = await changesBetween(git, (await headOf(git)) ?? move.from.commit, move.to.commit);
  const found = obstacles(await editsOf(git), await inTheWay(git, changes, record.paths));
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
  await writeLive(state, { schema: 1, commit: to.commit, depsKey: staged.depsKey, made: [...staged.made] });
}

async function isDone(git: CheckoutGit, { state, to }: CheckoutMove): Promise<boolean> {
  return (await readLive(state))?.commit === to.commit && (await headOf(git)) === to.commit;
}

async function checkOut(git: CheckoutGit, to: Commit): Promise<void> {
  // Without --no-overwrite-ignore git overwrites ignored files silently; our own check has named them, this is the net below it.
  await git.run(['checkout', '--quiet', '--detach', '--no-overwrite-ignore', to]);
}

/** Git leaves the files that it writes to the system's cache: a power loss would leave them empty under a HEAD that says "new". */
async function syncChanged(git: CheckoutGit, from: Commit, to: Commit): Promise<void> {
  if ((await git.ask(['rev-parse', '--verify', '--quiet', `${from}^{commit}`])) === null) return;
  for (const { path, status } of await changesBetween(git, from, to)) {
    if (status !== 'D') await syncFile(join(git.root, path));
  }
  await syncFolder(git.root);
}

async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    await file.sync().finally(() => file.close());
  } catch (error) {
    // A link, a sparse path, a file without the right to write: nothing that could be synced from here.
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ETXTBSY')) throw error;
  }
}

async function forgetRefs(git: CheckoutGit, except: readonly Commit[]): Promise<void> {
  const refs = (await git.run(['for-each-ref', '--format=%(refname)', 'refs/pm2-gitops/releases'])).split(
    '\n',
  );
  const kept = except.map(releaseRef);
  for (const ref of refs) if (ref !== '' && !kept.includes(ref)) await git.run(['update-ref', '-d', ref]);
}

function releaseRef(commit: Commit): string {
  return `refs/pm2-gitops/releases/${commit}`;
}

function topmost(paths: readonly string[]): string[] {
  const clean = [...new Set(paths.map((path) => path.replace(/\/+$/, '')))].sort();
  return clean.filter((path) => !clean.some((other) => path.startsWith(`${other}/`)));
}

function keptForOther(record: Move, from: Commit): GitOpsError {
  const message = `what is kept for ${sha7(record.from)} was replaced by ${sha7(record.to)}, not by ${sha7(from)}`;
  return new GitOpsError('STATE_CORRUPT', message, {
    hint: 'bring the release back as a new one: pm2-gitops pin',
  });
}
