import { readlink, rmdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../os/files.js';
import { folderNamed } from './pointer.js';

/** The folder under `releases/` that `current` names, or null where there is no such junction. */
export async function pointedAt(root: string): Promise<string | null> {
  const target = await targetOf(root);
  return target === null ? null : folderNamed(root, target);
}

/**
 * Makes the junction `current` name `releases/<folder>`. Windows replaces no folder by a rename, so for a moment there is
 * none; a crash in between leaves no junction, and doing it again makes it.
 */
export async function pointTo(root: string, folder: string): Promise<void> {
  if ((await pointedAt(root)) === folder) return;
  const junction = join(root, 'current');
  await removeJunction(junction);
  // A junction's target is absolute, and needs no privilege as a symbolic link does.
  await symlink(join(root, 'releases', folder), junction, 'junction');
}

/** Takes the junction `current` away; nothing behind it is touched. */
export async function unpoint(root: string): Promise<void> {
  if ((await targetOf(root)) !== null) await removeJunction(join(root, 'current'));
}

async function targetOf(root: string): Promise<string | null> {
  try {
    return (await readlink(join(root, 'current'))).replace(/[\\/]+$/, '');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EINVAL', 'UNKNOWN')) return null;
    throw error;
  }
}

async function removeJunction(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return;
    // Node's unlink refuses a junction on some versions; rmdir removes the junction and never what lies behind it.
    await rmdir(path);
  }
}
