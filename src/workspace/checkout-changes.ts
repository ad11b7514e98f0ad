import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckoutGit } from '../os/checkout-git.js';
import { hasErrno } from '../os/files.js';
import type { Commit } from '../domain/release.js';

/** One path that differs between two commits. `was` is the first one's blob; `mode` and `blob` are those of the second one. */
export interface Change {
  readonly path: string;
  readonly status: 'A' | 'D' | 'M' | 'T';
  readonly mode: string;
  readonly blob: string;
  readonly was: string;
}

/** One tracked file that is not as HEAD has it: two letters of `git status`, index and work tree. */
export interface Edit {
  readonly path: string;
  readonly status: string;
}

const GITLINK = '160000';

/** The commit of HEAD; null while HEAD names a branch that does not exist. */
export async function headOf(git: CheckoutGit): Promise<Commit | null> {
  return (await git.ask(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']))?.trim() ?? null;
}

/** What a checkout of `to` over `from` would write, change and remove, submodules apart. */
export async function changesBetween(git: CheckoutGit, from: Commit, to: Commit): Promise<Change[]> {
  const text = await git.run(['diff-tree', '-r', '-z', '--raw', '--no-renames', '--full-index', from, to]);
  return parseRawDiff(text).filter(({ mode }) => mode !== GITLINK);
}

/**
 * Tracked files that differ from HEAD, whether staged or not; where HEAD names a branch that is gone, from `live`. Submodules are left alone.
 */
export async function editsOf(git: CheckoutGit, live: Commit | null = null): Promise<Edit[]> {
  if (live !== null && (await headOf(git)) === null) return editsAgainst(git, live);
  const args = ['--porcelain=v1', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=all'];
  return parseStatus(await git.run(['status', ...args]));
}

async function editsAgainst(git: CheckoutGit, commit: Commit): Promise<Edit[]> {
  const args = ['-z', '--name-status', '--no-renames', '--ignore-submodules=all', commit];
  const parts = split(await git.run(['diff-index', ...args]));
  return parts.flatMap((path, index) =>
    index % 2 === 0 ? [] : [{ path, status: ` ${parts[index - 1] ?? 'M'}` }],
  );
}

/** Every path that a commit tracks, with all the folders above it. */
export async function trackedPaths(git: CheckoutGit, commit: Commit): Promise<Set<string>> {
  const tracked = new Set<string>();
  for (const path of split(await git.run(['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]))) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      tracked.add(path.slice(0, end));
  }
  return tracked;
}

/**
 * Untracked and ignored files that stand where a checkout would write, those below `exempt` apart. Git itself overwrites
 * ignored files without a word.
 */
export async function inTheWay(
  git: CheckoutGit,
  changes: readonly Change[],
  exempt: readonly string[],
): Promise<string[]> {
  const gone = new Set(changes.filter(({ status }) => status === 'D').map(({ path }) => path));
  const added = changes.filter(({ status, path }) => status === 'A' && !isBeneath(path, exempt));
  const found = new Set<string>();
  for (const { path } of added) {
    const obstacle = await firstObstacle(git.root, path);
    if (obstacle === null || gone.has(obstacle.path)) continue;
    if (obstacle.kind === 'file') found.add(obstacle.path);
    else for (const inside of await untrackedIn(git, obstacle.path)) found.add(inside);
  }
  return [...found].sort();
}

/**
 * Edits that `git status` does not show, because somebody told git to look away (`update-index --skip-worktree`,
 * `--assume-unchanged`), in files that a checkout would change: git refuses it half way through ours.
 */
export async function hiddenEdits(git: CheckoutGit, changes: readonly Change[]): Promise<string[]> {
  const flagged = split(await git.run(['ls-files', '-v', '-z'])).filter((entry) => /^[a-zS] /.test(entry));
  const hidden = new Set(flagged.map((entry) => entry.slice(2)));
  const edits: string[] = [];
  for (const { path, was } of changes.filter((change) => hidden.has(change.path))) {
    const isThere = (await kindOf(join(git.root, path))) !== null; // not so in a sparse checkout
    if (isThere && !(await holds(git.root, { path, blob: was }))) edits.push(path);
  }
  return edits;
}

/** Whether a path is one of `roots` or lies below one. */
function isBeneath(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}

/** Whether a file on disk holds exactly what git would write for a change. */
export async function holds(root: string, { path, blob }: Pick<Change, 'path' | 'blob'>): Promise<boolean> {
  const content = await contentOf(join(root, path));
  if (content === null) return false;
  const hash = createHash(blob.length === 64 ? 'sha256' : 'sha1');
  return hash.update(`blob ${content.length}\0`).update(content).digest('hex') === blob;
}

/** Parses `git status --porcelain=v1 -z --no-renames`. */
function parseStatus(text: string): Edit[] {
  return split(text).map((entry) => ({ status: entry.slice(0, 2), path: entry.slice(3) }));
}

/** Parses `git diff-tree -r -z --raw --no-renames`: `:mode mode id id status`, NUL, path, NUL. */
function parseRawDiff(text: string): Change[] {
  const fields = split(text);
  const changes: Change[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, mode = '', was = '', blob = '', letter = ''] = (fields[i] ?? '').split(' ');
    const status = statusOf(letter);
    if (status !== null) changes.push({ path: fields[i + 1] ?? '', status, mode, blob, was });
  }
  return changes;
}

function statusOf(letter: string): Change['status'] | null {
  return letter === 'A' || letter === 'D' || letter === 'M' || letter === 'T' ? letter : null;
}

function split(text: string): string[] {
  return text.split('\0').filter((part) => part !== '');
}

async function firstObstacle(
  root: string,
  path: string,
): Promise<{ readonly kind: 'file' | 'folder'; readonly path: string } | null> {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const part = end === -1 ? path : path.slice(0, end);
    const kind = await kindOf(join(root, part));
    if (kind === null) return null;
    if (kind === 'file' || end === -1) return { kind, path: part };
  }
}

async function untrackedIn(git: CheckoutGit, folder: string): Promise<string[]> {
  return split(await git.run(['ls-files', '--others', '-z', '--', `:(top,literal)${folder}/`]));
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

async function contentOf(path: string): Promise<Buffer | null> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return Buffer.from(await readlink(path));
    return found.isFile() ? await readFile(path) : null;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
