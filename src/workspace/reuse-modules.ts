import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { translateDiskError } from '../os/files.js';

/** More at once is no faster on the disks that were measured (docs/decisions/0003-reuse-of-node-modules.md). */
const LANES = 16;

/**
 * Copies the `node_modules` of the tree `from` into the tree `to`. False if there is none to copy.
 * Real copies (clones where the file system can), never hard links: a write in one release must not reach another's.
 */
export async function reuseModules(
  { from, to }: { from: string; to: string },
  signal: AbortSignal,
): Promise<boolean> {
  const source = join(from, 'node_modules');
  const found = await lstat(source).catch(() => null);
  if (found?.isDirectory() !== true) return false;
  try {
    await copyTree(source, join(to, 'node_modules'), signal);
  } catch (error) {
    throw translateDiskError(error, to);
  }
  return true;
}

/** Modes stay, symbolic links stay as they are written. */
async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true, recursive: true });
  await mkdir(to, { recursive: true });
  for (const entry of entries.filter((each) => each.isDirectory())) {
    await mkdir(join(to, relative(from, join(entry.parentPath, entry.name))), { recursive: true });
  }
  const rest = entries.filter((each) => each.isFile() || each.isSymbolicLink())[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const entry of rest) {
      signal.throwIfAborted();
      const source = join(entry.parentPath, entry.name);
      const target = join(to, relative(from, source));
      await (entry.isSymbolicLink()
        ? copyLink(source, target)
        : copyFile(source, target, constants.COPYFILE_FICLONE));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Copies a file, a link or a folder. */
export async function copyAny(from: string, to: string, signal: AbortSignal): Promise<void> {
  const found = await lstat(from);
  await mkdir(dirname(to), { recursive: true });
  if (found.isDirectory()) await copyTree(from, to, signal);
  else if (found.isSymbolicLink()) await copyLink(from, to);
  else await copyFile(from, to, constants.COPYFILE_FICLONE);
}

async function copyLink(from: string, to: string): Promise<void> {
  // A junction keeps folders reachable on Windows without the right to make links; elsewhere the type is ignored.
  const type = process.platform === 'win32' && (await isFolder(from)) ? 'junction' : undefined;
  await symlink(await readlink(from), to, type);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}
