import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { runGit } from '../os/git.js';
import type { RunResult } from '../os/run.js';
import { quiet, type Effort } from './effort.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import { MARK_NAME } from './mark.js';
import { gitFailure } from './mirror.js';
import { requireFitting } from './tree-extent.js';

// Git's own word on each system. That of Windows itself (`os.devNull`, `\\\\.\\nul`) it refuses to open: `Invalid argument`.
const NO_FILE = '/dev/null';

/** A commit laid out in a folder of its own, with an index of its own. */
export interface TreePlace {
  readonly mirror: string;
  readonly commit: Commit;
  /** The folder; whatever lay there is removed first. */
  readonly tree: string;
  /** Git's record of what it wrote there. It lies outside the tree. */
  readonly index: string;
}

/**
 * Writes the commit's files, modes and symbolic links as committed. `damaged` means that the mirror's objects cannot be read.
 * Throws `RELEASE_INVALID`, `DISK_SHORT`, `DISK_FULL`, `GIT_FAILED`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function checkOutTree(place: TreePlace, effort: Effort): Promise<'done' | 'damaged'> {
  await rm(place.tree, { recursive: true, force: true });
  await rm(place.index, { force: true });
  await rm(`${place.index}.lock`, { force: true });
  if ((await requireFitting(place, effort)) === null) return 'damaged';
  await mkdir(place.tree, { recursive: true });
  const result = await inTree(
    place,
    ['read-tree', '--reset', '-u', '--end-of-options', place.commit],
    effort,
  );
  if (result.code === 0) return 'done';
  if (classifyGitFailure(result.stderr) === 'corrupt') return 'damaged';
  throw gitFailure(`cannot check out ${place.commit}`, result.stderr);
}

/**
 * What lies in the tree beyond the commit: what install and build made. Relative, collapsed to top-most paths, sorted,
 * without the shared links and our mark.
 */
export async function madePaths(
  place: TreePlace,
  shared: readonly string[],
  effort: Effort,
): Promise<string[]> {
  const result = await inTree(place, ['ls-files', '-z', '--others', '--directory'], effort);
  if (result.code !== 0) throw gitFailure('cannot list what the build made', result.stderr);
  const ours = new Set([MARK_NAME, ...shared.map(plainPath)]);
  const made = await Promise.all(namesOf(result.stdout).map((path) => withoutOurs(place.tree, path, ours)));
  return made.flat().sort();
}

/** The committed files that install or build changed or removed, without the shared ones. */
export async function changedPaths(
  place: TreePlace,
  shared: readonly string[],
  effort: Effort,
): Promise<string[]> {
  const result = await inTree(place, ['diff-files', '-z', '--name-only'], effort);
  if (result.code !== 0) throw gitFailure('cannot list what the build changed', result.stderr);
  const linked = shared.map(plainPath);
  return namesOf(result.stdout).filter(
    (path) => !linked.some((link) => path === link || path.startsWith(`${link}/`)),
  );
}

// git-config(1), core.sharedRepository: the mode of what git writes beside its objects, the index among it.
const PRIVATE = ['-c', 'core.sharedRepository=0600'];

/** Makes git's record of a tree that lies there already: every file is read once, later only what has changed since. */
export async function recordTree(place: TreePlace, effort: Effort): Promise<boolean> {
  await rm(`${place.index}.lock`, { force: true });
  const read = await inTree(
    place,
    [...PRIVATE, 'read-tree', '--reset', '--end-of-options', place.commit],
    effort,
  );
  return read.code === 0 && (await refreshRecord(place, effort));
}

/** Looks again at what has changed since. That something differs is no failure; false: the record cannot be read. */
export async function refreshRecord(place: TreePlace, effort: Effort): Promise<boolean> {
  await rm(`${place.index}.lock`, { force: true });
  const { code } = await inTree(
    place,
    [...PRIVATE, 'update-index', '-q', '--refresh', '--ignore-submodules'],
    effort,
  );
  return code === 0 || code === 1;
}

/** A committed file that is not as committed, by git's letter: D gone, M other content or mode, T of another kind. */
export interface Difference {
  readonly path: string;
  readonly letter: string;
}

/** Compares a tree with the record of its commit, writing nothing. Null where git cannot tell. */
export async function differences(place: TreePlace, effort: Effort): Promise<Difference[] | null> {
  const flags = ['--no-renames', '--no-ext-diff', '--no-textconv', '--ignore-submodules=all'];
  const { code, stdout } = await inTree(place, ['diff', '-z', '--name-status', ...flags], effort);
  if (code !== 0) return null;
  const fields = stdout.split('\0');
  return fields.flatMap((letter, at) => {
    const path = fields[at + 1];
    return at % 2 === 0 && path !== undefined ? [{ letter, path: plainPath(path) }] : [];
  });
}

function inTree(
  { mirror, tree, index }: TreePlace,
  args: readonly string[],
  effort: Effort,
): Promise<RunResult> {
  const settings = ['-c', `core.attributesFile=${NO_FILE}`, '-c', 'core.quotePath=false'];
  return runGit(
    ['--git-dir', mirror, '--work-tree', tree, ...settings, ...args],
    { cwd: tree, env: deafEnv(effort.env, index) },
    quiet(effort),
  );
}

/** Without the user's and the system's configuration no filter has a program, so `.gitattributes` can start none. */
function deafEnv(env: Env, index: string): Env {
  const own = Object.entries(env).filter(([name]) => !name.startsWith('GIT_CONFIG_'));
  return {
    ...Object.fromEntries(own),
    GIT_CONFIG_GLOBAL: NO_FILE,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_INDEX_FILE: index,
  };
}

function namesOf(zeroSeparated: string): string[] {
  return zeroSeparated
    .split('\0')
    .filter((path) => path !== '')
    .map(plainPath);
}

function plainPath(path: string): string {
  return path.replaceAll('\\', '/').replace(/\/+$/, '');
}

/** The path itself, or, where something of ours lies below it, what else lies beside that. */
async function withoutOurs(tree: string, path: string, ours: ReadonlySet<string>): Promise<string[]> {
  if (ours.has(path)) return [];
  if (![...ours].some((own) => own.startsWith(`${path}/`))) return [path];
  const names = await readdir(join(tree, path));
  return (await Promise.all(names.map((name) => withoutOurs(tree, `${path}/${name}`, ours)))).flat();
}
