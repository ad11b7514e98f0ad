import { stat } from 'node:fs/promises';
import { systemClock } from './clock.js';
import { hasErrno } from './errno.js';

/** A file as it lies there. */
export interface FileState {
  /** Another one once it is replaced or written to. */
  readonly id: string;
  /**
   * Whether the next change will show. A record is replaced as a whole, or grows. A folder changes in place: its last change must be so long ago that
   * the next one bears another time, and file systems count in steps of milliseconds, some of seconds.
   */
  readonly settled: boolean;
}

const clock = systemClock();
const STEP_MS = 2_500;

/** How a file or a folder lies there; null where there is none. */
export async function stateAt(path: string): Promise<FileState | null> {
  try {
    const found = await stat(path, { bigint: true });
    const { ino, size, mtimeNs, ctimeNs, ctimeMs } = found;
    const settled = !found.isDirectory() || clock.now() - Number(ctimeMs) > STEP_MS;
    return { id: [ino, size, mtimeNs, ctimeNs].join(' '), settled };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Which file lies there; null where there is none. A file that is replaced or written to is another one. */
export async function fileAt(path: string): Promise<string | null> {
  return (await stateAt(path))?.id ?? null;
}
