import { constants } from 'node:fs';
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { hasErrno } from './errno.js';
import { statAt } from './file-at.js';
import { renameStubborn } from './rename.js';
import { requireOwnFolder } from './trusted.js';

export { hasErrno } from './errno.js';

// Who is let in to a new file: its owner.
const OWNERS = 0o600;

/** Reads a text file, or null where there is none. Throws `SYSTEM_FAILED` for what is no plain file. */
export async function readTextIfAny(path: string): Promise<string | null> {
  return (await readBytesIfAny(path))?.toString('utf8') ?? null;
}

/** Reads a file, or null where there is none. Throws `SYSTEM_FAILED` for what is no plain file. */
export async function readBytesIfAny(path: string): Promise<Buffer | null> {
  try {
    return await readPlainFile(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Reads a file. A pipe would be waited for, a device may have no end: `SYSTEM_FAILED`. */
export async function readPlainFile(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (found.isFile() && found.size > 0) return await readSized(file, found.size);
    if (found.isFile() || found.isDirectory()) return await file.readFile(); // of a folder the system says so
    throw new GitOpsError('SYSTEM_FAILED', `${path} is no plain file`, {
      hint: 'put a plain file in its place',
    });
  } finally {
    await file.close();
  }
}

/** Reads a file whose size is known by one question to the system rather than by three: a poll reads many small ones. */
async function readSized(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled);
    if (bytesRead === 0) break; // it was cut meanwhile
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Whether what was written stays for good, or may be taken back by a power loss. */
export interface Lasting {
  readonly until: 'forever' | 'crash';
}

/** Replaces a file so that, after any crash, it holds the old or the new text, whole. It keeps its mode; a new one is its owner's alone. */
export async function writeDurably(
  path: string,
  text: string,
  { until }: Lasting = { until: 'forever' },
): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid.toString(36)}-${performance.now().toString(36)}.tmp`);
  try {
    const before = statAt(path);
    await writeAndSync(temporary, text, 'wx');
    if (before?.isFile() === true && (before.mode & 0o777) !== OWNERS)
      await chmod(temporary, before.mode & 0o777);
    await leaveToOwner(temporary);
    // Closed before the rename: Windows refuses to rename an open file.
    await renameStubborn(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw translateDiskError(error, path);
  }
  if (until === 'forever') await syncFolder(dirname(path));
}

/** Where a file lies that could not be understood. */
export function corruptPath(path: string): string {
  return `${path}.corrupt`;
}

/** Renames a file that cannot be understood, and so keeps it. */
export async function setAside(path: string): Promise<void> {
  try {
    await rename(path, corruptPath(path));
  } catch (error) {
    // Another process has read the same and was faster, or the disk is read-only: then it stays where it is.
    if (!hasErrno(error, 'ENOENT', 'EROFS')) throw error;
  }
}

/**
 * Appends one line and has it on disk before it resolves. A crash in the middle leaves at most a torn last line,
 * a disk that has no room for it nothing: the line that comes next must not be written behind half of this one.
 */
export async function appendDurably(path: string, line: string): Promise<void> {
  const before = await stat(path).catch(() => null);
  try {
    await writeAndSync(path, line, 'a');
    await leaveToOwner(path);
    if (before === null) await syncFolder(dirname(path));
  } catch (error) {
    await truncate(path, before?.size ?? 0).catch(() => undefined); // a read-only disk has taken nothing
    throw translateDiskError(error, path);
  }
}

/** Has a folder's entries (renames, new files) on disk. Windows has no such call and needs none: NTFS journals them. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Has a file's content on disk. What is no plain file, or not ours to open, is none that we wrote: it is passed over. */
export async function syncFile(path: string): Promise<void> {
  try {
    // Windows flushes only what may be written.
    const file = await open(path, process.platform === 'win32' ? 'r+' : 'r');
    await file.sync().finally(() => file.close());
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP')) throw error;
  }
}

/** Makes a folder that only its owner can enter. Throws `STATE_UNSAFE` for one that is a symbolic link or somebody else's. */
export async function makePrivateFolder(path: string): Promise<void> {
  const there = requireOwnFolder(path);
  if (there === null) await makeFolder(path);
  const { mode = 0 } = there ?? requireOwnFolder(path) ?? {};
  // Windows has no such bits: there the rights come from the folder above.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) await chmod(path, 0o700);
}

async function makeFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) await leaveToOwner(path);
  } catch (error) {
    throw translateDiskError(error, path);
  }
}

/** Gives what we made with root's rights to whom its folder belongs: after one `sudo`, its user must be able to go on. */
export async function leaveToOwner(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const folder = statAt(dirname(path));
  if (folder !== null && folder.uid !== 0) await lchown(path, folder.uid, folder.gid);
}

/** What lies in a folder; nothing where there is none. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Whether something lies at `path` (a dangling link counts). */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** A full or read-only disk as a `GitOpsError`; any other value as it is. */
export function translateDiskError(error: unknown, path: string): unknown {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new GitOpsError('DISK_FULL', `no space left for ${path}`, {
      cause: error,
      hint: 'free some space; the next poll tries again',
    });
  }
  if (hasErrno(error, 'EROFS')) {
    return new GitOpsError('DISK_READONLY', `${path} is on a read-only disk`, {
      cause: error,
      hint: 'check the disk (dmesg), then remount it',
    });
  }
  return error;
}

async function writeAndSync(path: string, text: string, flag: 'a' | 'wx'): Promise<void> {
  const file = await open(path, flag, OWNERS);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
