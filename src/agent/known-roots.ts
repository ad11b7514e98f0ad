import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { Status } from '../domain/status.js';
import { exists, hasErrno } from '../os/files.js';
import { readKnownRoots, writeKnownRoot, type KnownRoot } from '../state/known-roots.js';
import { CONFIG_FILE } from '../state/layout.js';
import { openRoot, registerOfRoots } from './compose.js';
import { readStatus } from './status.js';
import type { Root } from './root.js';

/** What is known of one of the roots: its status, or what stands in the way of it. */
export type RootReport =
  | { readonly at: 'read'; readonly root: Root; readonly status: Status }
  | { readonly at: 'gone'; readonly folder: string; readonly error: GitOpsError }
  | { readonly at: 'unreadable'; readonly folder: string; readonly error: unknown };

/** Remembers that this user has a root there. That it cannot be written down keeps nobody from working. */
export async function rememberRoot(folder: string): Promise<void> {
  try {
    await writeKnownRoot(registerOfRoots(), await realpath(folder));
  } catch (error) {
    // `status` outside of any root will not list it; nothing else depends on it.
    if (!isGitOpsError(error) && !hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) throw error;
  }
}

/** The folders of all roots that this user has, by path. */
export async function knownFolders(): Promise<string[]> {
  return (await readKnownRoots(registerOfRoots())).map(({ root }) => root);
}

/** Reads the status of each root that this user has; one that cannot be read harms no other. */
export async function readAllStatus(signal: AbortSignal): Promise<RootReport[]> {
  const known = await readKnownRoots(registerOfRoots());
  return Promise.all(known.map((each) => report(each, signal)));
}

async function report(known: KnownRoot, signal: AbortSignal): Promise<RootReport> {
  const folder = known.root;
  try {
    if (!(await exists(join(folder, CONFIG_FILE)))) return { at: 'gone', folder, error: gone(known) };
    const root = await openRoot(folder);
    return { at: 'read', root, status: await readStatus(root, signal) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { at: 'unreadable', folder, error };
  }
}

function gone({ root, file }: KnownRoot): GitOpsError {
  return new GitOpsError('NOT_A_ROOT', `${root} holds no ${CONFIG_FILE} any more`, {
    hint: `mount its disk, or forget it by removing ${file}`,
  });
}
