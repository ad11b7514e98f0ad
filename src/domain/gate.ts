import type { AgeFacts } from './age.js';
import type { Forge } from './forge.js';
import type { Commit, Release } from './release.js';
import type { Rules } from './rules.js';
import type { Trust } from './trust.js';
import type { Upgrade } from './upgrade.js';
import type { Verdict } from './verdict.js';

/** What the gates look at. */
export interface GateFacts extends AgeFacts {
  readonly upgrade: Upgrade;
  readonly rules: Rules;
  readonly tagPrefix: string;
  /** Tags that somebody at this machine approved of. */
  readonly approved: readonly Commit[];
  readonly trust: Trust;
  readonly forge: Forge;
  /** What has served here: no signature is asked of it again. */
  readonly familiar: readonly Commit[];
  /** This machine's place, in [0, 1), in the wave of a release. */
  readonly placeOf: (release: Release) => number;
  /** A person asked for this release now, so waiting after a transient failure is over. */
  readonly impatient: boolean;
  /** A person asked not to wait for window, soak and wave. */
  readonly hurried: boolean;
  /** A person named this very release. */
  readonly named: boolean;
  /** The zone in which moments are told. */
  readonly zone: string;
}

/** A gate: may this release be changed to, as things are? */
export type Gate = (release: Release, facts: GateFacts) => Verdict;
