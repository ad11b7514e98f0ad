import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno, syncFolder } from '../os/files.js';
import { folderNamed } from './pointer.js';

const TEMPORARY = '.current-next-';

/** The folder under `releases/` that `current` names, or null where there is no such link. */
export async function pointedAt(root: string): Promise<string | null> {
  const target = await targetOf(root);
  return target === null ? null : folderNamed(root, target);
}

/** Makes `current` name `releases/<folder>` in one step: whoever looks sees the old or the new one, never none. */
export async function pointTo(root: string, folder: string): Promise<void> {
  await sweepTemporaries(root);
  if ((await pointedAt(root)) !== folder) {
    const temporary = join(root, `${TEMPORARY}${process.pid}`);
    // Relative, so that the root can be moved or mounted elsewhere.
    await symlink(join('releases', folder), temporary);
    await rename(temporary, join(root, 'current'));
  }
  await syncFolder(root);
}

/** Takes `current` away, durably; nothing behind it is touched. */
export async function unpoint(root: string): Promise<void> {
  if ((await targetOf(root)) !== null) await rm(join(root, 'current'), { force: true });
  await syncFolder(root);
}

async function targetOf(root: string): Promise<string | null> {
  try {
    return await readlink(join(root, 'current'));
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EINVAL')) return null;
    throw error;
  }
}

async function sweepTemporaries(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(TEMPORARY)) await rm(join(root, name), { force: true });
  }
}
