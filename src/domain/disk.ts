import { GitOpsError } from './errors.js';

/** What a disk would take now. */
export type Disk =
  | { readonly at: 'readonly'; readonly path: string }
  /** `files`: how many more it can hold; null where it has no such limit. */
  | {
      readonly at: 'writable';
      readonly path: string;
      readonly bytes: number;
      readonly files: number | null;
    };

/** How much something takes on a disk. */
export interface Space {
  readonly bytes: number;
  readonly files: number;
}

const MIB = 1024 ** 2;

/** With less than this, not even our own records fit. */
export const LEAST: Space = { bytes: MIB, files: 64 };

/** What a change needs beside the release itself: the switch, the journal, records, the logs of the run and of pm2. */
export const FLOOR: Space = { bytes: 16 * MIB, files: 512 };

/** Both together. */
export function addSpace(a: Space, b: Space): Space {
  return { bytes: a.bytes + b.bytes, files: a.files + b.files };
}

/** Whether a disk would not take this. A read-only one takes nothing. */
export function isShortOf(disk: Disk, need: Space): boolean {
  if (disk.at === 'readonly') return true;
  return disk.bytes < need.bytes || (disk.files !== null && disk.files < need.files);
}

/** The disk in words: what is free, and what would be needed of what is missing. */
export function describeShortage(disk: Disk, need: Space): string {
  if (disk.at === 'readonly') return `${disk.path} is on a read-only disk`;
  const { path, bytes, files } = disk;
  if (bytes >= need.bytes)
    return `the disk of ${path} takes ${files ?? 0} more files, and ${need.files} are needed`;
  return `the disk of ${path} has ${mebibytes(bytes, Math.floor)} MiB free, and ${mebibytes(need.bytes, Math.ceil)} MiB are needed`;
}

function mebibytes(bytes: number, round: (tenths: number) => number): string {
  return String(round((bytes / MIB) * 10) / 10);
}

/** The refusal of a change that clearly does not fit, before anything is touched. */
export function diskShort(disk: Disk, need: Space): GitOpsError {
  return new GitOpsError(
    disk.at === 'readonly' ? 'DISK_READONLY' : 'DISK_SHORT',
    describeShortage(disk, need),
    {
      hint: 'free some space; the next try comes by itself',
    },
  );
}
