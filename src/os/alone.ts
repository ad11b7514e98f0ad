import { GitOpsError } from '../domain/errors.js';
import type { Clock } from './clock.js';
import { ancestorsOf } from './proc-linux.js';

const LIMIT_MS = 5_000;
const LOOK_MS = 20;

/**
 * Waits until none of these processes is an ancestor of this one: whoever ends them by parent id would end us too.
 * The launcher that stands between is on its way out, so this takes milliseconds. Throws `STUCK` if it never happens.
 */
export async function waitUntilAlone(
  pids: readonly number[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const end = clock.monotonicMs() + LIMIT_MS;
  while (ancestors().some((pid) => pids.includes(pid))) {
    if (clock.monotonicMs() > end) {
      throw new GitOpsError(
        'STUCK',
        'this worker is still below a process that it must restart, and would be ended with it',
        {
          hint: 'let pm2-gitops launch its worker itself; do not run it below an app',
        },
      );
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

// Where the system does not tell, the direct parent must do: it is the launcher while it lives, and nobody's child afterwards.
function ancestors(): number[] {
  return [process.ppid, ...ancestorsOf(process.ppid)];
}
