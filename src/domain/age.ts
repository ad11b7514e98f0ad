import type { Observed } from './observed.js';
import { refOf, type Commit, type Instant, type Release } from './release.js';

/** When a tag or commit was made, by the name of the ref and the commit that it reached. */
export type Dates = Readonly<Record<string, { readonly commit: Commit; readonly at: Instant }>>;

/** What the age of a release is told from. */
export interface AgeFacts {
  readonly observed: Observed | null;
  readonly dates: Dates;
  /** How often this machine looks. */
  readonly pollEveryMs: number;
  readonly now: Instant;
}

/** When a release came out, as far as this machine can know, and the look that showed it first; null: it was there before our first. */
export interface Birth {
  readonly at: Instant;
  readonly look: number | null;
}

/**
 * The later of the moments at which a release was made and first seen here: a tag made on Monday and pushed on Friday came out on Friday.
 * Null for one that was there before the first look, until somebody has read when it was made.
 */
export function birthOf(release: Release, { observed, dates }: AgeFacts): Birth | null {
  const ref = refOf(release);
  const first = pick(observed?.first ?? {}, ref, release);
  const made = pick(dates, ref, release);
  if (first === null) return made === null ? null : { at: made.at, look: null };
  return { at: Math.max(first.at, made?.at ?? first.at), look: first.look };
}

/**
 * When a release is so old; null: it is. A clock that jumps makes no release old: half of the looks that fit into the time have to have been.
 */
export function oldEnoughAt(birth: Birth, ageMs: number, facts: AgeFacts): Instant | null {
  const { now, pollEveryMs, observed } = facts;
  const at = birth.at + ageMs;
  const looked = birth.look === null ? Infinity : (observed?.looks ?? 0) - birth.look;
  const missing = Math.floor(ageMs / pollEveryMs / 2) - looked;
  if (missing > 0) return Math.max(at, now + missing * pollEveryMs);
  return at > now ? at : null;
}

// `hasOwn`: a tag may be called `constructor`.
function pick<T extends { readonly commit: Commit }>(
  records: Readonly<Record<string, T>>,
  ref: string,
  { commit }: Release,
): T | null {
  const found = Object.hasOwn(records, ref) ? records[ref] : undefined;
  return found?.commit === commit ? found : null;
}
