import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { sha7, type Commit } from '../domain/release.js';
import type { CheckoutGit } from '../os/checkout-git.js';
import { exists, syncFile, syncFolder } from '../os/files.js';
import { changesBetween, headOf } from './checkout-changes.js';
import { gitFolders } from './checkout-locks.js';

const RELEASE_REFS = 'refs/pm2-gitops/releases';

/** A HEAD that names a deleted branch would make git take every tracked file for untracked: it is put on the commit that is live. */
export async function settleHead(git: CheckoutGit, live: Commit): Promise<void> {
  if ((await headOf(git)) === null) await git.run(['update-ref', '--no-deref', 'HEAD', live]);
}

/** Which commits to bring, and from where. */
export interface Bringing {
  readonly mirror: string;
  readonly from: { readonly commit: Commit };
  readonly to: { readonly commit: Commit };
}

/** Has both releases' commits under refs of ours; the user's branches, tags and remotes are not touched. */
export async function bringCommit(git: CheckoutGit, { mirror, from, to }: Bringing): Promise<void> {
  await dropBrokenRefs(git);
  if ((await git.ask(['rev-parse', '--verify', '--quiet', `${from.commit}^{commit}`])) !== null) {
    await git.run(['update-ref', releaseRef(from.commit), from.commit]);
  }
  if ((await git.ask(['rev-parse', '--verify', '--quiet', `${releaseRef(to.commit)}^{commit}`])) !== null)
    return;
  // Protocol 2 hands out any object by its id.
  const settings = ['-c', 'protocol.version=2', '-c', 'fetch.writeCommitGraph=false'];
  const flags = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--update-shallow',
  ];
  await git.run([...settings, 'fetch', ...flags, mirror, `+${to.commit}:${releaseRef(to.commit)}`]);
}

/** A power loss may empty a ref of ours, or lose what it names; git then neither reads nor replaces it, nor does it fetch anything else. */
async function dropBrokenRefs(git: CheckoutGit): Promise<void> {
  const [, shared] = await gitFolders(git);
  for (const name of await readdir(join(shared, RELEASE_REFS)).catch(() => [])) {
    const commit = await git.ask(['rev-parse', '--verify', '--quiet', `${RELEASE_REFS}/${name}^{commit}`]);
    if (commit === null) await rm(join(shared, RELEASE_REFS, name), { recursive: true, force: true });
  }
}

/**
 * Reads all that a move would write, and the way back: git leaves out a file whose content is missing, and ends with 0.
 * Throws `GIT_FAILED`.
 */
export async function requireReadable(git: CheckoutGit, from: Commit, to: Commit): Promise<void> {
  const [own, shared] = await gitFolders(git);
  // Seen from a folder without the files: git would take the content of unchanged ones from the work tree.
  const blind = ['-C', join(shared, 'objects'), '--git-dir', own, '--work-tree', '.'];
  await git.run([...blind, 'diff-tree', '-r', '--numstat', '--no-renames', from, to]);
}

/** A pushed commit must not reach our state, nor its own gatekeeper. Case does not matter where the disk does not care. */
export async function refuseOwnPaths(git: CheckoutGit, to: Commit): Promise<void> {
  const head = await headOf(git);
  if (head === null || head === to) return;
  const changes = await changesBetween(git, head, to);
  const own = changes.find(({ path }) => /^(\.pm2-gitops(\/|$)|gitops\.(json|signers)$)/i.test(path));
  if (own === undefined) return;
  throw new GitOpsError(
    'RELEASE_INVALID',
    `the release ${sha7(to)} changes ${own.path}, which belongs to this machine`,
    {
      hint: 'remove it from the repository',
    },
  );
}

/** Lays a commit out in the work tree; local branches are not moved. Throws `GIT_FAILED`, also where git leaves a file out without a word. */
export async function checkOut(git: CheckoutGit, to: Commit): Promise<void> {
  // Without --no-overwrite-ignore git overwrites ignored files silently; our own check has named them, this is the net below it.
  await git.run(['checkout', '--quiet', '--detach', '--no-overwrite-ignore', to]);
  const left = (await git.run(['ls-files', '--deleted', '-z'])).split('\0').filter((path) => path !== '');
  if (left.length === 0) return;
  throw new GitOpsError('GIT_FAILED', `git left out ${left.slice(0, 5).join(', ')}: their content is lost`, {
    hint: `git fsck in ${git.root} names what is damaged`,
  });
}

/** Git leaves the files that it writes to the system's cache: a power loss would leave them empty under a HEAD that says "new". */
export async function syncChanged(git: CheckoutGit, from: Commit, to: Commit): Promise<void> {
  if ((await git.ask(['rev-parse', '--verify', '--quiet', `${from}^{commit}`])) === null) return;
  const changes = await changesBetween(git, from, to);
  for (const { path, status } of changes) {
    if (status !== 'D') await syncFile(join(git.root, path));
  }
  const folders = new Set(changes.map(({ path }) => dirname(join(git.root, path))));
  for (const folder of [...folders, git.root]) if (await exists(folder)) await syncFolder(folder);
}

/** Lets go of all releases' commits but the given ones. */
export async function forgetRefs(git: CheckoutGit, except: readonly Commit[]): Promise<void> {
  const refs = (await git.run(['for-each-ref', '--format=%(refname)', RELEASE_REFS])).split('\n');
  const kept = except.map(releaseRef);
  for (const ref of refs) if (ref !== '' && !kept.includes(ref)) await git.run(['update-ref', '-d', ref]);
}

function releaseRef(commit: Commit): string {
  return `${RELEASE_REFS}/${commit}`;
}
