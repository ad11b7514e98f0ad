import type { Policy } from '../../src/domain/policy.js';
import type { Commit, Instant, Ref } from '../../src/domain/release.js';

/** A release of the simulated repository. */
export interface SimulatedRelease {
  readonly tag: string;
  readonly commit: Commit;
  /** When its tag is pushed. */
  readonly out: Instant;
  /** It crashes on every machine that activates it. */
  readonly crashes: boolean;
}

/** A policy, and from when on it is the tip of its ref. */
export interface PolicyTip {
  readonly policy: Policy;
  readonly commit: Commit;
  readonly since: Instant;
}

/** What lies in Git: releases, oldest first, and the policies that operators pushed, oldest first. */
export class World {
  readonly releases: readonly SimulatedRelease[];
  readonly #tips: PolicyTip[];
  #seen: { readonly count: number; readonly refs: readonly Ref[] } = { count: -1, refs: [] };

  constructor(releases: readonly SimulatedRelease[], policy: Policy) {
    this.releases = releases;
    this.#tips = [{ policy, commit: commitOf('policy', 0), since: Number.NEGATIVE_INFINITY }];
  }

  /** Pushes a policy made from the present one. */
  push(since: Instant, change: (policy: Policy) => Policy): void {
    const { policy } = this.tipAt(Number.POSITIVE_INFINITY);
    const changed = change({ ...policy, version: policy.version + 1 });
    this.#tips.push({ policy: changed, commit: commitOf('policy', this.#tips.length), since });
  }

  /** The policy that a look at a moment finds. */
  tipAt(now: Instant): PolicyTip {
    const tip = this.#tips.findLast(({ since }) => since <= now);
    if (tip === undefined) throw new Error('a world has a policy from its beginning');
    return tip;
  }

  /** The refs that a look at a moment finds; the same array as long as they are the same. */
  refsAt(now: Instant): readonly Ref[] {
    const out = this.releases.filter((release) => release.out <= now);
    if (out.length !== this.#seen.count)
      this.#seen = {
        count: out.length,
        refs: out.map(({ tag, commit }) => ({ name: `refs/tags/${tag}`, commit })),
      };
    return this.#seen.refs;
  }

  /** The release that a commit is. */
  releaseOf(commit: Commit): SimulatedRelease {
    const found = this.releases.find((release) => release.commit === commit);
    if (found === undefined) throw new Error(`no release ${commit}`);
    return found;
  }
}

/** A release of a tag, which is told apart by its number. */
export function simulatedRelease(
  tag: string,
  n: number,
  more: Partial<SimulatedRelease> = {},
): SimulatedRelease {
  return { tag, commit: commitOf('release', n), out: Number.NEGATIVE_INFINITY, crashes: false, ...more };
}

function commitOf(kind: 'policy' | 'release', n: number): Commit {
  return (kind === 'policy' ? 'f' : 'a') + n.toString(16).padStart(39, '0');
}
