import { FLOOR, describeShortage, isShortOf, LEAST, type Disk } from '../domain/disk.js';
import { GitOpsError } from '../domain/errors.js';
import { worstDisk } from '../os/disk.js';
import type { Root } from './root.js';

/** The disk that a root lies on; where its parts lie on several, the worst of them. */
export function diskOf({ layout }: Root): Disk {
  const disk = worstDisk([layout.root, layout.state, layout.releases]);
  if (disk !== null) return disk;
  throw new GitOpsError('NOT_A_ROOT', `${layout.root} is gone`, { hint: 'is its disk mounted?' });
}

/** Why nothing can be written down now: the disk is read-only, or so full that not even records fit. Null: it can. */
export function refusalOf(disk: Disk): GitOpsError | null {
  if (disk.at === 'readonly')
    return new GitOpsError('DISK_READONLY', describeShortage(disk, FLOOR), {
      hint: 'nothing is changed; check the disk (dmesg), then remount it: the next poll goes on by itself',
    });
  if (!isShortOf(disk, LEAST)) return null;
  return new GitOpsError('DISK_FULL', describeShortage(disk, FLOOR), {
    hint: 'free some space; the next poll goes on by itself',
  });
}
