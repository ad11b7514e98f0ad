import type { ErrorCode } from './errors.js';
import type { Instant } from './release.js';
import { jitteredMs, LONGEST_WAIT_MS } from './turn.js';

/** Looks that failed in a row, and until when the schedule looks no more because of it. */
export interface Outage {
  /** The first look of the row. */
  readonly since: Instant;
  /** How many turns failed; people's own looks do not add to it. */
  readonly failures: number;
  /** The next turn after this looks again; not later than the failed look where that is the very next one. */
  readonly until: Instant;
  /** Whether the server asked for it, or we are careful by ourselves. */
  readonly by: 'server' | 'us';
}

/** A look that failed. */
export interface FailedLook {
  readonly at: Instant;
  /** Whether a turn was due, or somebody asked. */
  readonly trigger: 'turn' | 'person';
  readonly pollEveryMs: number;
  /** For how long the server wants to be left alone; null: it did not say. */
  readonly retryAfterMs: number | null;
  /** In [0, 1). */
  readonly chance: number;
}

/** The longest rest that a server is granted: who asks for more may be mistaken, or lie. */
export const LONGEST_GRANT_MS = 6 * 3_600_000;

/** The outage after one more look that failed: the next turn tries again, then turns are left out, about twice as many each time, up to an hour. */
export function afterFailure(before: Outage | null, look: FailedLook): Outage {
  const { at, trigger, retryAfterMs, chance } = look;
  const known = before !== null && before.since <= at ? before : null;
  const failures = trigger === 'person' ? (known?.failures ?? 1) : (known?.failures ?? 0) + 1;
  const until = trigger === 'person' ? standing(known, at) : at + ownRestMs(failures, look);
  // Up to a fifth later, so that a fleet that was sent away together does not come back together.
  const grantedMs = Math.min((retryAfterMs ?? 0) * (1 + chance / 5), LONGEST_GRANT_MS);
  const since = known?.since ?? at;
  return at + grantedMs > until
    ? { since, failures, until: Math.round(at + grantedMs), by: 'server' }
    : { since, failures, until, by: trigger === 'person' ? (known?.by ?? 'us') : 'us' };
}

/** Until when the schedule does not look; null: it may. A rest begins with the look at `at`: where that is in the future, the clock was set back. */
export function restsUntil(
  outage: Outage | null,
  { at, now }: { at: Instant; now: Instant },
): Instant | null {
  if (outage === null || at > now || outage.until <= now) return null;
  return outage.until - at > LONGEST_GRANT_MS ? null : outage.until;
}

/** What somebody should hear of the way to the source: that it is lost, or back, and since when it was lost. */
export type LineNews =
  | { readonly what: 'offline'; readonly since: Instant; readonly error: string }
  | { readonly what: 'online'; readonly since: Instant };

/** What the last look means for somebody who was told that the source has been lost since then; null: that it answers. One word each way, whatever the looks between come to. */
export function newsOf(
  told: Instant | null,
  { outage, error, code }: { outage: Outage | null; error: string | null; code: ErrorCode | null },
): LineNews | null {
  if (outage === null) return told === null ? null : { what: 'online', since: told };
  if (told !== null || !isNotable(outage, code)) return null;
  return { what: 'offline', since: outage.since, error: error ?? '' };
}

/** A line may break once, but what is refused stays so until somebody mends it. */
function isNotable({ failures }: Outage, code: ErrorCode | null): boolean {
  return failures > 1 || code === 'SOURCE_REFUSED';
}

function standing(outage: Outage | null, at: Instant): Instant {
  return Math.max(outage?.until ?? at, at);
}

function ownRestMs(failures: number, { pollEveryMs, chance }: FailedLook): number {
  const turns = 2 ** Math.min(failures - 1, DOUBLINGS) - 1;
  return Math.min(jitteredMs(Math.min(pollEveryMs * turns, LONGEST_WAIT_MS), chance), LONGEST_WAIT_MS);
}

const DOUBLINGS = 30;
