import { isGitOpsError } from '../domain/errors.js';
import { withReserve } from '../state/reserve.js';
import type { Workplace } from './workplace.js';

const AGAIN_MS = 1_000;

/**
 * Writes what must not be lost: on a full disk in the room of the reserve, and then again until it fits.
 * Throws `DISK_FULL` when the patience has an end, `DISK_READONLY` at once.
 */
export async function insist(
  { root: { layout, host }, report, signal }: Workplace,
  write: () => Promise<void>,
  patienceMs: number,
): Promise<void> {
  const end = host.clock.monotonicMs() + patienceMs;
  for (let told = ''; ;) {
    try {
      await withReserve(layout.reserve, write);
      return;
    } catch (error) {
      if (!isGitOpsError(error, 'DISK_FULL') || host.clock.monotonicMs() >= end) throw error;
      if (told !== error.message) report.step(`${error.message}: again until it fits`);
      told = error.message;
      await host.clock.sleep(AGAIN_MS, signal);
    }
  }
}
