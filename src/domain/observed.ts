import type { ErrorCode, GitOpsError } from './errors.js';
import { isVersionTag } from './channel.js';
import { afterFailure, type FailedLook, type Outage } from './outage.js';
import { sha7, type Commit, type Instant, type Ref } from './release.js';

/** All refs that the source is known to have, and what this machine has learned of them over time. */
export interface Listing {
  readonly refs: readonly Ref[];
  /** Version tags → the commit under which this machine first saw them. */
  readonly seen: Readonly<Record<string, Commit>>;
  /** Ref → when it was first seen to reach its commit; without those that the first look showed. */
  readonly first: Readonly<Record<string, Sighting>>;
}

/** What the last look at the source showed. */
export interface Observed extends Listing {
  /** The poll's turn: the moment at which it was due. */
  readonly turn: Instant;
  readonly at: Instant;
  /** Null after a good look, else what went wrong; the refs are then those of the last good one. */
  readonly error: string | null;
  /** The code of what went wrong, or null. */
  readonly code: ErrorCode | null;
  /** The looks that failed in a row; null after a good one. */
  readonly outage: Outage | null;
  /** How many looks there were, those that failed or were left out included: the machine was there. */
  readonly looks: number;
  readonly tally: Tally;
  /** When all refs were asked for last, and by which question; null: never, or what was answered is lost. */
  readonly listed: { readonly at: Instant; readonly asked: string } | null;
  /** The commit of the fleet's policy; null where none is followed, or it was never seen. */
  readonly policy: Commit | null;
  /** Why the policy could not be looked for, though the releases could; or null. */
  readonly policyError: string | null;
}

/** What became of the looks since the record began, and the last good one; null: there was none. */
export interface Tally {
  readonly failed: number;
  readonly leftOut: number;
  readonly goodAt: Instant | null;
}

/** The tally before the first look. */
export const NO_TALLY: Tally = { failed: 0, leftOut: 0, goodAt: null };

/** The look that showed a commit first. */
export interface Sighting {
  readonly commit: Commit;
  readonly at: Instant;
  readonly look: number;
}

/** What a look showed of the fleet's policy: its commit, or why that could not be seen. */
export type PolicySight =
  { readonly commit: Commit; readonly error: null } | { readonly commit: null; readonly error: string };

/** A version tag that names another commit than when it was first seen. */
export interface MovedTag {
  readonly tag: string;
  readonly seen: Commit;
  readonly now: Commit;
}

const TAGS = 'refs/tags/';

/** The record after a look that asked for all refs. What has not changed stays the same object. */
export function afterLook(
  before: Observed | null,
  answered: readonly Ref[],
  { turn, at, tagPrefix, policy = null, asked = '', known = before?.seen ?? {} }: ListingFacts,
): Observed {
  const refs = before !== null && sameRefs(before.refs, answered) ? before.refs : answered;
  const seen = withNewTags(known, refs, tagPrefix);
  const looks = (before?.looks ?? 0) + 1;
  return {
    ...{ turn, at, ...GOOD, refs, seen, looks, listed: { at, asked } },
    tally: { ...tallyOf(before), goodAt: at },
    ...policySeen(before, policy),
    first: firstSights(before, trustedRefs({ refs, seen }), { at, look: looks }),
  };
}

/** The record after a look that showed that the refs are what they were. */
export function afterQuietLook(before: Observed, { turn, at, policy = null }: LookFacts): Observed {
  return {
    ...{ ...before, turn, at, ...GOOD, looks: before.looks + 1 },
    tally: { ...before.tally, goodAt: at },
    ...policySeen(before, policy),
  };
}

function tallyOf(before: Observed | null): Tally {
  return before?.tally ?? NO_TALLY;
}

const GOOD = { error: null, code: null, outage: null } as const;

/** Whether two listings tell the same, in the same order. */
function sameRefs(some: readonly Ref[], others: readonly Ref[]): boolean {
  return some.length === others.length && some.every((ref, at) => isSameRef(ref, others[at]));
}

function isSameRef({ name, commit, object }: Ref, other: Ref | undefined): boolean {
  return name === other?.name && commit === other.commit && object === other.object;
}

function withNewTags(seen: Observed['seen'], refs: readonly Ref[], tagPrefix: string): Observed['seen'] {
  const fresh = refs.flatMap(({ name, commit }) => {
    const tag = name.slice(TAGS.length);
    const isNew = name.startsWith(TAGS) && !Object.hasOwn(seen, tag) && isVersionTag(tag, tagPrefix);
    return isNew ? [[tag, commit] as const] : [];
  });
  return fresh.length === 0 ? seen : { ...seen, ...Object.fromEntries(fresh) };
}

/** What cannot be seen for a while stays what it was; where none is followed, it is forgotten. */
function policySeen(
  before: Observed | null,
  policy: PolicySight | null,
): Pick<Observed, 'policy' | 'policyError'> {
  return {
    policy: policy === null ? null : (policy.commit ?? before?.policy ?? null),
    policyError: policy?.error ?? null,
  };
}

/** A sight that lies in the future is from before the clock was set back: it counts from now. */
function firstSights(
  before: Observed | null,
  refs: readonly Ref[],
  { at, look }: Omit<Sighting, 'commit'>,
): Observed['first'] {
  if (before === null || before.refs.length === 0) return {};
  const trusted = trustedRefs(before);
  if (trusted === refs && Object.values(before.first).every((sight) => sight.at <= at)) return before.first;
  const known = new Map(trusted.map(({ name, commit }) => [name, commit]));
  const first: Record<string, Sighting> = {};
  for (const { name, commit } of refs) {
    const sight = Object.hasOwn(before.first, name) ? before.first[name] : undefined;
    if (sight?.commit === commit) first[name] = { ...sight, at: Math.min(sight.at, at) };
    else if (known.get(name) !== commit) first[name] = { commit, at, look };
  }
  return first;
}

/** The record after a look that failed: what was known stays known. Without a pace it is none of a row: nothing was asked of the source. */
export function afterFailedLook(
  before: Observed | null,
  { message, code, retryAfterMs = null }: Fault,
  { turn, at, policy = null, pace = null }: LookFacts & { pace?: Pace | null },
): Observed {
  const known = before?.outage ?? null;
  return {
    turn,
    at,
    error: message,
    code,
    outage: pace === null ? known : afterFailure(known, { ...pace, at, retryAfterMs }),
    refs: before?.refs ?? [],
    seen: before?.seen ?? {},
    looks: (before?.looks ?? 0) + 1,
    tally: { ...tallyOf(before), failed: tallyOf(before).failed + 1 },
    first: before?.first ?? {},
    listed: before?.listed ?? null,
    policy: policy?.commit ?? before?.policy ?? null,
    policyError: policy === null ? (before?.policyError ?? null) : policy.error,
  };
}

/** The record after a turn at which the source was left alone. */
export function afterTurnLeftOut(before: Observed, turn: Instant): Observed {
  const { tally } = before;
  return { ...before, turn, looks: before.looks + 1, tally: { ...tally, leftOut: tally.leftOut + 1 } };
}

/** Version tags that moved since they were first seen: reported, never followed. */
export function movedTags({ refs, seen }: Observed): MovedTag[] {
  return refs.flatMap((ref) => {
    const first = firstSight(ref, seen);
    if (first === null || first === ref.commit) return [];
    return [{ tag: ref.name.slice(TAGS.length), seen: first, now: ref.commit }];
  });
}

/** For people: what moved, and that nothing comes of it. */
export function describeMoved({ tag, seen, now }: MovedTag): string {
  return `tag ${tag} moved from ${sha7(seen)} to ${sha7(now)}: not followed; a version never moves, tag a new one`;
}

// Of each listing: a poller decides again and again by the same one.
const trustedOf = new WeakMap<readonly Ref[], { seen: Observed['seen']; refs: readonly Ref[] }>();

/** The refs with every moved version tag at the commit where it was first seen. Of the same listing it is the same object. */
export function trustedRefs({ refs, seen }: Pick<Listing, 'refs' | 'seen'>): readonly Ref[] {
  const known = trustedOf.get(refs);
  if (known?.seen === seen) return known.refs;
  const isMoved = (ref: Ref): boolean => (firstSight(ref, seen) ?? ref.commit) !== ref.commit;
  const found = refs.some(isMoved)
    ? refs.map((ref) => ({ ...ref, commit: firstSight(ref, seen) ?? ref.commit }))
    : refs;
  trustedOf.set(refs, { seen, refs: found });
  return found;
}

// `hasOwn`: a tag may be called `constructor`.
function firstSight({ name }: Ref, seen: Observed['seen']): Commit | null {
  const tag = name.slice(TAGS.length);
  return name.startsWith(TAGS) && Object.hasOwn(seen, tag) ? (seen[tag] ?? null) : null;
}

type Fault = Pick<GitOpsError, 'message' | 'code'> & Partial<Pick<GitOpsError, 'retryAfterMs'>>;

/** How often and why the machine looks, and its chance. */
export type Pace = Pick<FailedLook, 'trigger' | 'pollEveryMs' | 'chance'>;

interface ListingFacts extends LookFacts {
  readonly tagPrefix: string;
  readonly asked?: string;
  /** Version tags as they were first seen; other records may tell some where that is lost. */
  readonly known?: Observed['seen'];
}

interface LookFacts {
  readonly turn: Instant;
  readonly at: Instant;
  /** Null: none was looked for. */
  readonly policy?: PolicySight | null;
}
