import type { Instant } from './release.js';

/** When the machine looks at its source: every so often, on a grid that the machine's id shifts, so that a fleet spreads by itself. */
export interface IntervalSchedule {
  readonly everyMs: number;
  readonly offsetMs: number;
}

/** What a poll did. */
export type PollResult = 'notOurTurn' | 'rested' | 'launched' | 'busy';

/** The grid of a machine. */
export function intervalSchedule(everyMs: number, machineId: string): IntervalSchedule {
  return { everyMs, offsetMs: Math.floor(spread(machineId) * everyMs) };
}

/** The latest moment of the grid that is not after `now`: all pollers of a machine agree on it without talking. */
export function dueTurn({ everyMs, offsetMs }: IntervalSchedule, now: Instant): Instant {
  return Math.floor((now - offsetMs) / everyMs) * everyMs + offsetMs;
}

/** A number in [0, 1) that belongs to an id: FNV-1a, 32 bit (draft-eastlake-fnv), finished so that short ids differ in the high bits too. */
export function spread(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1)
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

const FIRST_WAIT_MS = 60_000;
/** The longest wait after a failure. */
export const LONGEST_WAIT_MS = 3_600_000;

/** How long to wait after the nth failure in a row: doubling from a minute to an hour, ±20 % by `chance` in [0, 1). */
export function backoffMs(failures: number, chance: number): number {
  const plain = Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS);
  return Math.min(jitteredMs(plain, chance), LONGEST_WAIT_MS);
}

/** A span ±20 % by `chance` in [0, 1): what waits together does not come back together. */
export function jitteredMs(spanMs: number, chance: number): number {
  return Math.round(spanMs * (0.8 + 0.4 * chance));
}
