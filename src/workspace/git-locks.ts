import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../os/files.js';

/**
 * Removes the lock files that a killed git left in a repository of ours. Only under `upgrade.lock`, when no git of ours can live.
 * Returns what it removed.
 */
export async function sweepGitLocks(gitDir: string): Promise<string[]> {
  const stale = await gitLocksIn(gitDir);
  await Promise.all(stale.map((path) => rm(path, { force: true })));
  return stale;
}

/** The lock files in a repository of ours, and what a fetch has not received whole: those of a killed git while none of ours lives. */
export async function gitLocksIn(gitDir: string): Promise<string[]> {
  const top = (await filesIn(gitDir, false)).filter(isLock);
  const refs = (await filesIn(join(gitDir, 'refs'), true)).filter(isLock);
  // What a killed fetch had of packs and objects is no obstacle but weighs as much as the download.
  const objects = (await filesIn(join(gitDir, 'objects'), true)).filter(
    (path) => isIncoming(path) || isLock(path),
  );
  return [...top, ...refs, ...objects];
}

/** Whether a file below `objects` is one that git has not received whole yet: by its usual protocol, or by the old one of plain files. */
export function isIncoming(path: string): boolean {
  return /(?:^|[/\\])tmp_[^/\\]*$|\.temp$/.test(path);
}

function isLock(path: string): boolean {
  return path.endsWith('.lock');
}

async function filesIn(folder: string, recursive: boolean): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
