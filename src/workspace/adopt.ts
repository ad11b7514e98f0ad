import { appendFile, mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { storableUrl } from '../domain/redact.js';
import type { Commit } from '../domain/release.js';
import { openCheckout, type CheckoutGit, type CheckoutGitOptions } from '../os/checkout-git.js';
import { readTextIfAny } from '../os/files.js';
import { editsOf, headOf } from './checkout-changes.js';
import { gitFolders } from './checkout-locks.js';
import { isLockfile } from './checkout-dirty.js';
import { parseReflog, type HeadStep } from './reflog.js';

/** What `init` finds in a checkout. */
export interface Checkout {
  readonly commit: Commit;
  /** The short name of the branch that HEAD names; null when detached. */
  readonly branch: string | null;
  /** Local tags at HEAD. */
  readonly tags: readonly string[];
  /** `origin`, or the only remote; without secrets, and usable. Null where there is none, or several and no origin. */
  readonly remoteUrl: string | null;
  readonly shallow: boolean;
  /** Tracked files that differ from HEAD, lockfiles apart. */
  readonly edits: readonly string[];
  readonly lockfileEdits: readonly string[];
  /** What the repository brings of what must be the machine's own: `gitops.json`, the state. */
  readonly ownPathsTracked: readonly string[];
}

/**
 * Looks at a checkout, changing nothing. Null where no work tree of git is.
 * Throws `NOT_A_ROOT` inside a work tree whose top lies elsewhere, `GIT_FAILED` where nothing is committed yet.
 */
export async function inspectCheckout(root: string, options: CheckoutGitOptions): Promise<Checkout | null> {
  const git = await openCheckout(root, options);
  const top = (await git.ask(['rev-parse', '--show-toplevel']))?.replace(/\n$/, '');
  if (top === undefined || top === '') return null;
  if ((await realpath(top)) !== (await realpath(root))) {
    throw new GitOpsError('NOT_A_ROOT', `${root} lies inside the checkout ${top}`, {
      hint: `run it in ${top}`,
    });
  }
  const commit = await headOf(git);
  if (commit === null) {
    throw new GitOpsError('GIT_FAILED', `HEAD of ${root} names no commit`, {
      hint: 'check out a release first',
    });
  }
  const changed = (await editsOf(git)).map(({ path }) => path);
  return {
    commit,
    branch: (await git.ask(['symbolic-ref', '--quiet', '--short', 'HEAD']))?.trim() ?? null,
    tags: lines(await git.run(['tag', '--points-at', 'HEAD'])),
    remoteUrl: await remoteUrl(git),
    shallow: (await git.run(['rev-parse', '--is-shallow-repository'])).trim() === 'true',
    edits: changed.filter((path) => !isLockfile(path)),
    lockfileEdits: changed.filter(isLockfile),
    ownPathsTracked: lines(await git.run(['ls-files', '--', ...OWN.map((path) => `:(icase)${path}`)])),
  };
}

const OWN = ['gitops.json', 'gitops.signers', '.pm2-gitops'];
const EXCLUDED = ['/.pm2-gitops/', '/gitops.json', '/gitops.signers'];

/** Keeps what is ours out of `git status`, once: in `info/exclude`, which is never committed. */
export async function excludeFromStatus(root: string, options: CheckoutGitOptions): Promise<void> {
  const { path, text, missing } = await readExclude(root, options);
  if (missing.length === 0) return;
  await mkdir(dirname(path), { recursive: true });
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(path, `${gap}${missing.join('\n')}\n`);
}

/** What of ours `info/exclude` does not keep out of `git status`. */
export async function missingExcludes(root: string, options: CheckoutGitOptions): Promise<string[]> {
  return (await readExclude(root, options)).missing;
}

async function readExclude(
  root: string,
  options: CheckoutGitOptions,
): Promise<{ path: string; text: string; missing: string[] }> {
  const [, shared] = await gitFolders(await openCheckout(root, options));
  const path = join(shared, 'info', 'exclude');
  const text = (await readTextIfAny(path)) ?? '';
  return { path, text, missing: EXCLUDED.filter((pattern) => !lines(text).includes(pattern)) };
}

/** HEAD's reflog, oldest first: which commit a process that started at some moment was started from. Empty where none is kept. */
export async function headTrail(root: string, options: CheckoutGitOptions): Promise<HeadStep[]> {
  const [own] = await gitFolders(await openCheckout(root, options));
  return parseReflog((await readTextIfAny(join(own, 'logs', 'HEAD'))) ?? '');
}

async function remoteUrl(git: CheckoutGit): Promise<string | null> {
  const names = lines(await git.run(['remote']));
  const name = names.includes('origin') ? 'origin' : names.length === 1 ? names[0] : undefined;
  if (name === undefined) return null;
  const url = await git.ask(['config', '--get', `remote.${name}.url`]);
  return url === null ? null : storableUrl(url.trim());
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}
