import { isShortOf, LEAST } from '../domain/disk.js';
import { lookAtDisk } from './disk.js';

const SAID =
  /\bENOSPC\b|\bEDQUOT\b|no space left on device|disk quota exceeded|not enough space on the disk/i;

/** Whether a command failed for want of room: it says so, or the disk under its folder is full now. That says nothing about the release. */
export function ranOutOfRoom(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  folder: string,
): boolean {
  if (SAID.test(stderr) || SAID.test(stdout)) return true;
  const disk = lookAtDisk(folder);
  return disk?.at === 'writable' && isShortOf(disk, LEAST);
}
