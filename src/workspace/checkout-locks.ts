import { readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import type { CheckoutGit } from '../os/checkout-git.js';
import type { Clock } from '../os/clock.js';
import { hasErrno } from '../os/files.js';
import { isHeldOpen } from '../os/held.js';
import type { Effort } from './effort.js';

/** What moving a checkout works under. */
export interface MoveEffort extends Effort {
  readonly clock: Clock;
}

// The locks that our own commands take, and that a killed one leaves. Others are none of our business.
const OWN_LOCKS = ['index.lock', 'HEAD.lock', 'ORIG_HEAD.lock'];
const SHARED_LOCKS = ['packed-refs.lock', 'shallow.lock', 'refs/stash.lock'];
const WAIT_MS = 10_000;
const LOOK_MS = 250;
// Where processes cannot be listed. A git that writes has its lock open, one that waits for an editor has not.
const OLD_MS = { no: 60_000, unknown: 10 * 60_000, yes: Number.POSITIVE_INFINITY };

/**
 * Removes the lock files that a killed git left in the user's repository. While a living git works there, waits for it
 * a little. Throws `TREE_BUSY` if the lock stays in use; nothing has been touched then.
 */
export async function freeLocks(git: CheckoutGit, { clock, signal, report }: MoveEffort): Promise<void> {
  const folders = await gitFolders(git);
  const end = clock.monotonicMs() + WAIT_MS;
  for (;;) {
    const locks = await locksIn(folders);
    if (locks.length === 0) return;
    const stale = await staleAmong(locks, [git.root, ...folders], clock);
    for (const lock of stale) {
      report.step(`git: removed the lock ${lock} of a git that no longer runs`);
      await rm(lock, { force: true });
    }
    if (stale.length === locks.length) return;
    if (clock.monotonicMs() > end) throw busy(git.root, locks);
    await clock.sleep(LOOK_MS, signal);
  }
}

/** The lock files that a killed git left in the user's repository; none while a living git works there. */
export async function staleLocks(git: CheckoutGit, clock: Clock): Promise<string[]> {
  const folders = await gitFolders(git);
  const locks = await locksIn(folders);
  return locks.length === 0 ? [] : staleAmong(locks, [git.root, ...folders], clock);
}

/** The folder of this work tree's own git files, and the one that all work trees share. */
export async function gitFolders(git: CheckoutGit): Promise<[own: string, shared: string]> {
  const text = await git.run(['rev-parse', '--git-dir', '--git-common-dir']);
  const [own = '.git', shared = own] = text.split('\n');
  return [resolve(git.root, own), resolve(git.root, shared)];
}

async function locksIn([own, shared]: readonly [string, string]): Promise<string[]> {
  const ours = await readdir(join(shared, 'refs', 'pm2-gitops'), { recursive: true }).catch(() => []);
  const paths = [
    ...OWN_LOCKS.map((name) => join(own, name)),
    ...SHARED_LOCKS.map((name) => join(shared, name)),
    ...ours.filter((name) => name.endsWith('.lock')).map((name) => join(shared, 'refs', 'pm2-gitops', name)),
  ];
  const found = await Promise.all(
    paths.map(async (path) => ((await modifiedAt(path)) === null ? [] : [path])),
  );
  return found.flat();
}

async function staleAmong(
  locks: readonly string[],
  folders: readonly string[],
  clock: Clock,
): Promise<string[]> {
  const users = await gitsIn(folders);
  if (users === 'none') return [...locks];
  if (users === 'some') return [];
  const forgotten = await Promise.all(locks.map((lock) => isForgotten(lock, clock)));
  return locks.filter((_, i) => forgotten[i] === true);
}

async function isForgotten(lock: string, clock: Clock): Promise<boolean> {
  const [since, held] = [await modifiedAt(lock), await isHeldOpen(lock)];
  // A lock from the future is one from before the clock was set back.
  return since !== null && Math.abs(clock.now() - since) > OLD_MS[held];
}

async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Whether a git process stands in one of the folders; only Linux lets us look. */
async function gitsIn(folders: readonly string[]): Promise<'some' | 'none' | 'unknown'> {
  if (process.platform !== 'linux') return 'unknown';
  const real = await Promise.all(folders.map((folder) => realpath(folder)));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const answers = await Promise.all(pids.map((pid) => worksIn(pid, real)));
  if (answers.includes('some')) return 'some';
  return answers.includes('unknown') ? 'unknown' : 'none';
}

async function worksIn(pid: string, folders: readonly string[]): Promise<'some' | 'none' | 'unknown'> {
  try {
    if (!(await readFile(`/proc/${pid}/comm`, 'utf8')).startsWith('git')) return 'none';
    const cwd = await readlink(`/proc/${pid}/cwd`);
    return folders.some((folder) => cwd === folder || cwd.startsWith(folder + sep)) ? 'some' : 'none';
  } catch (error) {
    // Gone in the meantime, or a dead child that nobody has asked for yet; EACCES: somebody else's.
    return hasErrno(error, 'EACCES', 'EPERM') ? 'unknown' : 'none';
  }
}

function busy(root: string, locks: readonly string[]): GitOpsError {
  return new GitOpsError('TREE_BUSY', `another git works in ${root}; the next poll tries again`, {
    hint: `let it end, or remove the lock file ${locks.join(', ')} if no git runs there`,
  });
}
