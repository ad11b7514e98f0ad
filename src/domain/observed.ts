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
}

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
  { turn, at, tagPrefix }: LookFacts,
): Observed {
  const seen = { ...before?.seen };
  for (const { name, commit } of refs) {
    const tag = name.slice(TAGS.length);
    if (name.startsWith(TAGS) && isVersionTag(tag, tagPrefix)) seen[tag] ??= commit;
  }
  return { turn, at, error: null, code: null, refs, seen };
}

/** The record after a look that failed: what was known stays known. */
export function afterFailedLook(
  before: Observed | null,
  { message, code }: Pick<GitOpsError, 'message' | 'code'>,
  { turn, at }: Omit<LookFacts, 'tagPrefix'>,
): Observed {
  return {
    turn,
    at,
    error: message,
    code,
    refs: before?.refs ?? [],
    seen: before?.seen ?? {},
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
export function trustedRefs({ refs, seen }: Observed): Ref[] {
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
}
