import { rename } from 'node:fs/promises';
import { GitOpsError } from '../domain/errors.js';
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

/**
 * Renames; on Windows, where a scanner or a dying process may hold a file for a moment, tries again for about three seconds.
 * Throws `SYSTEM_FAILED` where something is held for longer, else what the system says.
 */
export async function renameStubborn(
  from: string,
  to: string,
  patience: RenamePatience = TO_THE_END,
): Promise<void> {
  if (process.platform === 'win32') await renamePatiently(from, to, patience);
  else await rename(from, to);
}

async function renamePatiently(from: string, to: string, { clock, signal }: RenamePatience): Promise<void> {
  for (const waitMs of [...WAITS_MS, null]) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!hasErrno(error, 'EPERM', 'EBUSY', 'EACCES')) throw error;
      if (waitMs === null) throw held(from, error);
      await clock.sleep(waitMs, signal);
    }
  }
}

function held(path: string, cause: unknown): GitOpsError {
  return new GitOpsError(
    'SYSTEM_FAILED',
    `Windows does not let ${path} be moved: a program has it open, or this user may not`,
    {
      cause,
      hint: 'close what has it open: an app that loaded a .node file from it (pm2 stop, then pm2-gitops apply), an editor, a terminal, a virus scanner',
    },
  );
}
