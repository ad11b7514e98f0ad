import { accessSync, constants, statfsSync } from 'node:fs';
import type { Disk } from '../domain/disk.js';
import { hasErrno } from './errno.js';

/** Looks at the disk under a folder, writing nothing. Null where there is no such folder. */
export function lookAtDisk(path: string): Disk | null {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    // Asked of the mount and of the file system, also for root; Windows answers yes to everybody.
    accessSync(path, constants.W_OK);
    // btrfs and NTFS make room for files as they need it, and say 0.
    return { at: 'writable', path, bytes: bavail * bsize, files: files === 0 ? null : ffree };
  } catch (error) {
    if (hasErrno(error, 'EROFS')) return { at: 'readonly', path };
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** The worst of the disks under some folders: a read-only one, else the one with the least room. Null where none of them is there. */
export function worstDisk(paths: readonly string[]): Disk | null {
  const disks = paths.map(lookAtDisk).filter((disk) => disk !== null);
  return disks.reduce<Disk | null>(
    (worst, disk) => (worst === null || isWorse(disk, worst) ? disk : worst),
    null,
  );
}

function isWorse(a: Disk, b: Disk): boolean {
  if (a.at === 'readonly' || b.at === 'readonly') return b.at !== 'readonly';
  return a.bytes < b.bytes;
}
