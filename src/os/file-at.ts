import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { systemClock } from './clock.js';
import { hasErrno } from './errno.js';

// Asked at once, without a thread: a poll asks forty times, and each handing over costs twenty times what the system takes to answer.

/** What lies at `path`, links followed; null where nothing does. */
export function statAt(path: string): Stats | null {
  return unlessMissing(() => statSync(path));
}

/** What lies at `path`, a link being one; null where nothing does. */
export function entryAt(path: string): Stats | null {
  return unlessMissing(() => lstatSync(path));
}

/** The path of what lies at `path`, without links; null where nothing does. */
export function realPathOf(path: string): string | null {
  return unlessMissing(() => realpathSync.native(path));
}

/** A file or a folder as it lies there. */
export interface FileState {
  /** Another one once it is replaced or written to. */
  readonly id: string;
  /**
   * Whether the next change will show, whatever it is. What changes in place may do so twice within one step of the file system's time, which is of
   * milliseconds, or of seconds: its last change must be longer ago.
   */
  readonly settled: boolean;
  readonly isFolder: boolean;
}

const clock = systemClock();
const STEP_MS = 2_500;

/** How a file or a folder lies there; null where there is none. */
export function stateAt(path: string): FileState | null {
  const found = statAt(path);
  if (found === null) return null;
  // With what follows the point these tell a quarter of a microsecond, less than any file system's step.
  const { ino, size, mtimeMs, ctimeMs } = found;
  return {
    id: `${ino} ${size} ${mtimeMs} ${ctimeMs}`,
    settled: clock.now() - ctimeMs > STEP_MS,
    isFolder: found.isDirectory(),
  };
}

function unlessMissing<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
