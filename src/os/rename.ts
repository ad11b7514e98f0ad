import { rename } from 'node:fs/promises';
import { systemClock, type Clock } from './clock.js';
import { hasErrno } from './errno.js';

/** What a stubborn rename waits with. */
export interface RenamePatience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

// A write that must not be left half done; it ends with the last wait.
const TO_THE_END: RenamePatience = { clock: systemClock(), signal: new AbortController().signal };
const WAITS_MS = [20, 50, 100, 200, 400, 800, 1_600];

/** Renames; on Windows, where a scanner or a dying process may hold a file for a moment, tries again for about three seconds. */
export async function renameStubborn(
  from: string,
  to: string,
  { clock, signal }: RenamePatience = TO_THE_END,
): Promise<void> {
  for (const waitMs of process.platform === 'win32' ? WAITS_MS : []) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!hasErrno(error, 'EPERM', 'EBUSY', 'EACCES')) throw error;
      await clock.sleep(waitMs, signal);
    }
  }
  await rename(from, to);
}
