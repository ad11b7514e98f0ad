import { lstat, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha7, type Commit } from '../domain/release.js';
import type { CheckoutGit } from '../os/checkout-git.js';
import { exists, hasErrno } from '../os/files.js';
import { renameStubborn } from '../os/rename.js';
import {
  changesBetween,
  editsOf,
  headOf,
  hiddenEdits,
  holds,
  inTheWay,
  type Change,
  type Edit,
} from './checkout-changes.js';
import { isDirtiedLockfile, type Obstacles } from './checkout-dirty.js';
import type { MoveEffort } from './checkout-locks.js';

/** Something of the user's that had to make way, and where it can be found. */
export interface Saved {
  readonly what: 'edits' | 'lockfile' | 'files' | 'commits';
  /** A stash message, a ref, or a folder. */
  readonly where: string;
  readonly paths: readonly string[];
}

/** Where rescued things go. */
export interface RescuePlace {
  readonly git: CheckoutGit;
  readonly state: string;
  readonly runId: string;
  readonly effort: MoveEffort;
}

/** Makes way for the first attempt of a move: nothing of the user's is lost, all is told. */
export async function makeWay(place: RescuePlace, found: Obstacles, tag: string): Promise<Saved[]> {
  const saved: Saved[] = [];
  if (found.edits.length > 0) {
    saved.push(
      found.edits.every(isDirtiedLockfile)
        ? await rescueLockfiles(place, found.edits)
        : await stash(place, found.edits, tag),
    );
  }
  saved.push(...(await rescueFiles(place, found.inTheWay)), ...(await rescueHidden(place, found.hidden)));
  return saved;
}

/**
 * Clears what a killed checkout left half written on the way from HEAD to `target`: files that already are as the target has them
 * are nobody's edits; anything else is rescued, for somebody may have written in between.
 */
export async function clearHalfway(
  place: RescuePlace,
  targets: readonly Commit[],
  exempt: readonly string[],
): Promise<Saved[]> {
  const { git } = place;
  const head = await headOf(git);
  const saved: Saved[] = [];
  const written = new Map<string, Change[]>();
  for (const target of targets.filter((each) => head !== null && each !== head)) {
    const changes = await changesBetween(git, head ?? target, target);
    for (const change of changes) written.set(change.path, [...(written.get(change.path) ?? []), change]);
    saved.push(...(await clearWritten(place, changes, exempt)));
  }
  return [...saved, ...(await clearEdits(place, written))];
}

/** Keeps HEAD's commits under a ref of ours if no remote branch, tag or release of ours reaches them. */
export async function rescueCommits({ git, runId, effort }: RescuePlace): Promise<Saved[]> {
  const head = await headOf(git);
  if (head === null) return [];
  const places = ['refs/remotes', 'refs/tags', 'refs/pm2-gitops'];
  const reached = await git.run([
    'for-each-ref',
    '--count=1',
    '--format=%(refname)',
    '--contains',
    head,
    ...places,
  ]);
  if (reached.trim() !== '') return [];
  const ref = rescueRef(runId, head);
  await git.run(['update-ref', ref, head]);
  effort.report.step(`local commits up to ${sha7(head)} are kept under ${ref}`);
  return [{ what: 'commits', where: ref, paths: [] }];
}

/** Tells which stashes a run has made. */
export async function tellStashes({ git, runId, effort }: RescuePlace): Promise<void> {
  for (const line of (await git.run(['stash', 'list'])).split('\n')) {
    if (line.includes(stashMark(runId)))
      effort.report.step(`local edits wait in ${line}: git stash pop brings them back`);
  }
}

async function clearWritten(
  place: RescuePlace,
  changes: readonly Change[],
  exempt: readonly string[],
): Promise<Saved[]> {
  const { root } = place.git;
  const byPath = new Map(changes.map((change) => [change.path, change]));
  const foreign: string[] = [];
  for (const path of await inTheWay(place.git, changes, exempt)) {
    const change = byPath.get(path);
    if (change !== undefined && ((await holds(root, change)) || (await isEmpty(root, path))))
      await removeFile(root, path);
    else foreign.push(path);
  }
  const hidden = await hiddenEdits(place.git, changes);
  return [...(await rescueFiles(place, foreign)), ...(await rescueHidden(place, hidden))];
}

async function clearEdits(
  place: RescuePlace,
  written: ReadonlyMap<string, readonly Change[]>,
): Promise<Saved[]> {
  const { git } = place;
  const edits = await editsOf(git);
  if (edits.length === 0) return [];
  const foreign: Edit[] = [];
  for (const edit of edits) {
    if (!(await isOurs(git.root, edit, written.get(edit.path) ?? []))) foreign.push(edit);
  }
  const saved = foreign.length === 0 ? [] : [await rescueEdits(place, foreign, 'edits')];
  await git.run(['reset', '--hard', '--quiet', 'HEAD']);
  return saved;
}

/** What a loss of power leaves of a file that git had just written; whoever it is from, there is nothing in it to lose. */
async function isEmpty(root: string, path: string): Promise<boolean> {
  const found = await lstat(join(root, path)).catch(() => null);
  return found?.isFile() === true && found.size === 0;
}

async function isOurs(root: string, { path }: Edit, changes: readonly Change[]): Promise<boolean> {
  if (!(await exists(join(root, path))) || (await isEmpty(root, path))) return true;
  for (const change of changes) if (await holds(root, change)) return true;
  return false;
}

async function stash(
  { git, runId, effort }: RescuePlace,
  edits: readonly Edit[],
  tag: string,
): Promise<Saved> {
  const message = `${stashMark(runId)} before ${tag}`;
  await git.run(['stash', 'push', '--quiet', '--message', message]);
  const paths = edits.map(({ path }) => path);
  effort.report.step(`local edits of ${paths.join(', ')} are in git stash list as "${message}"`);
  return { what: 'edits', where: message, paths };
}

async function rescueLockfiles(place: RescuePlace, edits: readonly Edit[]): Promise<Saved> {
  const saved = await rescueEdits(place, edits, 'lockfile');
  await place.git.run([
    'checkout',
    '--quiet',
    'HEAD',
    '--',
    ...saved.paths.map((path) => `:(top,literal)${path}`),
  ]);
  return saved;
}

async function rescueEdits(
  { git, runId, effort }: RescuePlace,
  edits: readonly Edit[],
  what: Saved['what'],
): Promise<Saved> {
  const commit = (await git.run(['stash', 'create', `pm2-gitops ${runId}`])).trim();
  const ref = rescueRef(runId, commit);
  await git.run(['update-ref', ref, commit]);
  const paths = edits.map(({ path }) => path);
  effort.report.step(`${what} ${paths.join(', ')}: kept under ${ref} (git stash apply ${ref})`);
  return { what, where: ref, paths };
}

async function rescueFiles(
  { git, state, runId, effort }: RescuePlace,
  paths: readonly string[],
): Promise<Saved[]> {
  if (paths.length === 0) return [];
  const folder = join(state, 'rescue', runId);
  for (const path of paths) {
    const to = await freeName(join(folder, path.replace(/\/$/, '')));
    await mkdir(dirname(to), { recursive: true });
    await renameStubborn(join(git.root, path), to, effort);
    await removeEmptyFolders(git.root, path);
  }
  effort.report.step(`in the way and moved to ${folder}: ${paths.join(', ')}`);
  return [{ what: 'files', where: folder, paths }];
}

async function rescueHidden(place: RescuePlace, paths: readonly string[]): Promise<Saved[]> {
  for (const path of paths) {
    await place.git.run(['update-index', '--no-skip-worktree', '--no-assume-unchanged', '--', path]);
  }
  return rescueFiles(place, paths);
}

async function freeName(path: string): Promise<string> {
  for (let n = 0; ; n += 1) {
    const free = n === 0 ? path : `${path}.${n}`;
    if (!(await exists(free))) return free;
  }
}

async function removeFile(root: string, path: string): Promise<void> {
  await rm(join(root, path), { force: true });
  await removeEmptyFolders(root, path);
}

async function removeEmptyFolders(root: string, path: string): Promise<void> {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder));
    } catch (error) {
      if (hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EPERM')) return;
      throw error;
    }
  }
}

function rescueRef(runId: string, commit: Commit): string {
  return `refs/pm2-gitops/rescue/${runId}-${sha7(commit)}`;
}

function stashMark(runId: string): string {
  return `pm2-gitops ${runId}:`;
}
