import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { isGitOpsError } from '../domain/errors.js';
import { hasErrno, leaveToOwner } from '../os/files.js';

/** Enough for hundreds of journal lines and some records. */
const RESERVE_BYTES = 1024 ** 2;

/**
 * Keeps room for what must be written on a full disk: a file that is given up then.
 * Gives back whether it is there now; where the disk has no room even for that, nothing stays of it.
 */
export async function makeReserve(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found?.size === RESERVE_BYTES) return true;
  try {
    // Random, or a file system that compresses would keep no room for it.
    await writeFile(path, randomBytes(RESERVE_BYTES), { mode: 0o600 });
    await leaveToOwner(path);
    return true;
  } catch (error) {
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS')) throw error;
    releaseReserve(path);
    return false;
  }
}

/** Gives the room back to the disk. Whether there was any. */
export function releaseReserve(path: string): boolean {
  try {
    const { size } = statSync(path);
    rmSync(path);
    return size > 0;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EROFS')) return false;
    throw error;
  }
}

/** Writes; where the disk is full, once more in the room of the reserve. Throws what the second try throws. */
export async function withReserve<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isGitOpsError(error, 'DISK_FULL') || !releaseReserve(path)) throw error;
    return write();
  }
}
