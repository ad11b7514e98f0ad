import type { ErrorCode, GitOpsError } from './errors.js';
import { isVersionTag } from './channel.js';
import type { Commit, Instant, Ref } from './release.js';

/** What the last look at the source showed. */
export interface Observed {
  /** The poll's turn: the moment at which it was due. */
  readonly turn: Instant;
  readonly at: Instant;
  /** Null after a good look, else what went wrong; the refs are then those of the last good one. */
  readonly error: string | null;
  /** The code of what went wrong, or null. */
  readonly code: ErrorCode | null;
  readonly refs: readonly Ref[];
  /** Version tags → the commit under which this machine first saw them. */
  readonly seen: Readonly<Record<string, Commit>>;
  /** How many looks there were, those that failed included. */
  readonly looks: number;
  /** Ref → when it was first seen to reach its commit; without those that the first look showed. */
  readonly first: Readonly<Record<string, Sighting>>;
  /** The commit of the fleet's policy; null where none is followed, or it was never seen. */
  readonly policy: Commit | null;
  /** Why the policy could not be looked for, though the releases could; or null. */
  readonly policyError: string | null;
}

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

/** The record after a good look. */
export function afterLook(
  before: Observed | null,
  refs: readonly Ref[],
  { turn, at, tagPrefix, policy = null }: LookFacts,
): Observed {
  const seen = { ...before?.seen };
  for (const { name, commit } of refs) {
    const tag = name.slice(TAGS.length);
    if (name.startsWith(TAGS) && isVersionTag(tag, tagPrefix)) seen[tag] ??= commit;
  }
  const looks = (before?.looks ?? 0) + 1;
  return {
    turn,
    at,
    error: null,
    code: null,
    refs,
    seen,
    looks,
    // What cannot be seen for a while stays what it was; where none is followed, it is forgotten.
    policy: policy === null ? null : (policy.commit ?? before?.policy ?? null),
    policyError: policy?.error ?? null,
    first: firstSights(before, trustedRefs({ refs, seen }), { at, look: looks }),
  };
}

/** A sight that lies in the future is from before the clock was set back: it counts from now. */
function firstSights(
  before: Observed | null,
  refs: readonly Ref[],
  { at, look }: Omit<Sighting, 'commit'>,
): Observed['first'] {
  if (before === null || before.refs.length === 0) return {};
  const known = new Map(trustedRefs(before).map(({ name, commit }) => [name, commit]));
  const first: Record<string, Sighting> = {};
  for (const { name, commit } of refs) {
    const sight = Object.hasOwn(before.first, name) ? before.first[name] : undefined;
    if (sight?.commit === commit) first[name] = { ...sight, at: Math.min(sight.at, at) };
    else if (known.get(name) !== commit) first[name] = { commit, at, look };
  }
  return first;
}

/** The record after a look that failed: what was known stays known. */
export function afterFailedLook(
  before: Observed | null,
  { message, code }: Pick<GitOpsError, 'message' | 'code'>,
  { turn, at, policy = null }: Omit<LookFacts, 'tagPrefix'>,
): Observed {
  return {
    turn,
    at,
    error: message,
    code,
    refs: before?.refs ?? [],
    seen: before?.seen ?? {},
    looks: (before?.looks ?? 0) + 1,
    first: before?.first ?? {},
    policy: policy?.commit ?? before?.policy ?? null,
    policyError: policy === null ? (before?.policyError ?? null) : policy.error,
  };
}

/** Version tags that moved since they were first seen: reported, never followed. */
export function movedTags({ refs, seen }: Observed): MovedTag[] {
  return refs.flatMap((ref) => {
    const first = firstSight(ref, seen);
    if (first === null || first === ref.commit) return [];
    return [{ tag: ref.name.slice(TAGS.length), seen: first, now: ref.commit }];
  });
}

/** The refs with every moved version tag at the commit where it was first seen. */
export function trustedRefs({ refs, seen }: Pick<Observed, 'refs' | 'seen'>): Ref[] {
  return refs.map((ref) => ({ ...ref, commit: firstSight(ref, seen) ?? ref.commit }));
}

// `hasOwn`: a tag may be called `constructor`.
function firstSight({ name }: Ref, seen: Observed['seen']): Commit | null {
  const tag = name.slice(TAGS.length);
  return name.startsWith(TAGS) && Object.hasOwn(seen, tag) ? (seen[tag] ?? null) : null;
}

interface LookFacts {
  readonly turn: Instant;
  readonly at: Instant;
  readonly tagPrefix: string;
  /** Null: none was looked for. */
  readonly policy?: PolicySight | null;
}
