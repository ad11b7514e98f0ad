import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import type { Commit } from '../domain/release.js';
import { exists, hasErrno } from '../os/files.js';
import { runGit } from '../os/git.js';
import type { Effort } from './effort.js';
import { quiet } from './effort.js';
import { leftoversIn } from './leftovers.js';
import { readMark } from './mark.js';
import { sweepGitLocks } from './git-locks.js';
import { INCOMING_REF } from './mirror.js';

/** What may go, and what must stay whatever its age. */
export interface PruneRequest {
  readonly root: string;
  readonly state: string;
  readonly strategy: 'releases' | 'checkout';
  /** How many releases stay, the protected ones included. */
  readonly keep: number;
  /** The commits that must be able to run again: active and previous. */
  readonly protect: readonly Commit[];
  /** The commits whose made things an adopted checkout keeps for a way back. */
  readonly kept: readonly Commit[];
  /** Runs whose log and stage stay: the one that asks, and one whose staged release waits for its gates. */
  readonly runIds: readonly string[];
}

const MAX_RUNS = 50;
const GC_ABOVE_BYTES = 256 * 1024 * 1024;
const GC_ABOVE_PACKS = 40;
// <release>/node_modules/<scope>/<package>
const PIECE_DEPTH = 3;

/**
 * Removes what no roll back can need: old releases, what was kept or set aside, abandoned stages, old runs, objects of forgotten releases,
 * leftovers of kills. Each is renamed into the trash first, so that no half-removed one can be taken for whole. What cannot be removed
 * now (Windows locks what runs, a disk is read-only) or within the effort's limit is reported and left to the next run.
 * The caller holds `upgrade.lock`.
 */
export async function prune(request: PruneRequest, effort: Effort): Promise<void> {
  const { state, runIds, kept } = request;
  const trash = join(state, 'trash');
  await mkdir(trash, { recursive: true });
  const releases =
    request.strategy === 'releases' ? await sortOut(request) : { stale: [], kept: request.protect };
  const stages = (await foldersIn(join(state, 'stage'))).filter(({ name }) => !runIds.includes(name));
  const ways = (await foldersIn(join(state, 'kept'))).filter(({ name }) => !kept.includes(name));
  const aside = (await foldersIn(state)).filter(({ name }) => name === 'aside');
  const runs = (await foldersIn(join(state, 'runs')))
    .filter(({ name }) => !runIds.includes(name))
    .sort((a, b) => compare(b.name, a.name))
    .slice(MAX_RUNS);
  for (const { path } of [...releases.stale, ...stages, ...ways, ...aside, ...runs])
    await throwAway(path, trash, effort);
  // The disk's own time: it is what the files' ages are told in.
  for (const path of await leftoversIn(state, (await stat(trash)).mtimeMs))
    await throwAway(path, trash, effort);
  await empty(trash, effort);
  await pruneMirror(request, releases.kept, effort);
}

interface Folder {
  readonly name: string;
  readonly path: string;
}

/** Complete releases beyond `keep`, by the runs that made them and not by the time of any file; incomplete ones are always stale. */
async function sortOut({
  root,
  keep,
  protect,
}: PruneRequest): Promise<{ stale: readonly Folder[]; kept: readonly Commit[] }> {
  const folders = await foldersIn(join(root, 'releases'));
  const found = await Promise.all(folders.map(async (folder) => ({ folder, ...(await completion(folder)) })));
  const stale: Folder[] = [];
  const kept = [...protect];
  let free = keep - protect.length;
  for (const { folder, commit } of found.sort((a, b) => compare(b.run, a.run))) {
    if (commit !== null && protect.includes(commit)) continue;
    if (commit !== null && free-- > 0) kept.push(commit);
    else stale.push(folder);
  }
  return { stale, kept };
}

/** A mark that does not tell its run is older than all that do. */
async function completion({ path }: Folder): Promise<{ commit: Commit | null; run: string }> {
  const mark = await readMark(path);
  return { commit: mark?.commit ?? null, run: mark?.run ?? '' };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function foldersIn(parent: string): Promise<Folder[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(ifNone);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, path: join(parent, name) }));
}

async function throwAway(path: string, trash: string, effort: Effort): Promise<void> {
  try {
    await rename(path, await freePath(join(trash, basename(path))));
    effort.report.step(`prune: ${path}`);
  } catch (error) {
    tellKept(path, error, effort);
  }
}

/** What did not go the last time may still have the name. */
async function freePath(path: string): Promise<string> {
  for (let n = 0; ; n += 1) {
    const free = n === 0 ? path : `${path}.${n}`;
    if (!(await exists(free))) return free;
  }
}

/** Removes what lies in the trash, for as long as a command may take: whoever waits for the lock must not wait for a slow disk. */
async function empty(trash: string, effort: Effort): Promise<void> {
  const limit = AbortSignal.timeout(effort.limitMs);
  try {
    for (const name of await readdir(trash))
      await remove(join(trash, name), AbortSignal.any([effort.signal, limit]));
  } catch (error) {
    tellKept(trash, error, effort);
  }
}

/** In pieces as small as a package: one removal of the whole could not be ended in the middle. */
async function remove(path: string, ends: AbortSignal, depth = PIECE_DEPTH): Promise<void> {
  const folders = depth > 0 ? await foldersIn(path) : [];
  for (const folder of folders) await remove(folder.path, ends, depth - 1);
  if (ends.aborted)
    throw new GitOpsError('COMMAND_TIMEOUT', 'there is more in it than could be removed at once');
  await rm(path, { recursive: true, force: true });
}

function tellKept(path: string, error: unknown, { report }: Effort): void {
  report.step(`prune: ${path} stays for now: ${messageOf(error)}`);
}

/** Forgets the refs of removed releases; rewrites the packs only when they have grown large. */
async function pruneMirror(request: PruneRequest, kept: readonly Commit[], effort: Effort): Promise<void> {
  const mirror = join(request.state, 'mirror.git');
  const git = (args: readonly string[]): ReturnType<typeof runGit> =>
    runGit(['--git-dir', mirror, ...args], { cwd: request.state, env: effort.env }, quiet(effort));
  try {
    await sweepGitLocks(mirror); // of a git that was killed: nothing could be forgotten
    const listed = await git([
      'for-each-ref',
      '--format=%(refname)',
      '--sort=-creatordate',
      'refs/gitops/releases/',
      INCOMING_REF,
    ]);
    const found = listed.stdout.split('\n').filter((ref) => ref !== '');
    const refs = found.filter((ref) => ref !== INCOMING_REF);
    if (found.includes(INCOMING_REF)) await git(['update-ref', '-d', INCOMING_REF]);
    // An adopted checkout has no release folders to go by: there the newest releases count.
    const known =
      request.strategy === 'releases' ? kept : [...kept, ...refs.slice(0, request.keep).map(commitOf)];
    for (const ref of refs.filter((each) => !known.includes(commitOf(each))))
      await git(['update-ref', '-d', ref]);
    if (!(await isLarge(join(mirror, 'objects', 'pack')))) return;
    effort.report.step('prune: pack the mirror');
    await git(['gc', '--quiet', '--prune=now']);
  } catch (error) {
    // A repack that ran into its limit is no harm: the old packs stay until the new one is whole.
    if (!isGitOpsError(error, 'COMMAND_TIMEOUT') && !hasErrno(error, 'EROFS')) throw error;
    tellKept(mirror, error, effort);
    if (isGitOpsError(error)) await sweepGitLocks(mirror);
  }
}

function commitOf(ref: string): Commit {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

async function isLarge(packs: string): Promise<boolean> {
  const names = (await readdir(packs).catch(ifNone)).filter((name) => name.endsWith('.pack'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(packs, name))).size));
  return names.length > GC_ABOVE_PACKS || sizes.reduce((sum, size) => sum + size, 0) > GC_ABOVE_BYTES;
}

function ifNone(error: unknown): [] {
  if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
  throw error;
}
