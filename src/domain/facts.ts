import type { Dates } from './age.js';
import type { Disk } from './disk.js';
import type { Drift } from './drift.js';
import type { Forge } from './forge.js';
import type { Observed } from './observed.js';
import type { Orders } from './orders.js';
import type { MachineIdentity, PolicyState } from './policy.js';
import type { Instant, Release } from './release.js';
import type { OwnRules } from './rules.js';
import type { Trust } from './trust.js';
import type { Upgrade } from './upgrade.js';

/** Everything that a decision looks at. Poller, worker, `status` and `plan` ask with the same facts and get the same answer. */
export interface Facts {
  readonly upgrade: Upgrade;
  readonly orders: Orders;
  readonly machine: MachineIdentity;
  /** What `gitops.json` says of when this machine may change. */
  readonly own: OwnRules;
  readonly policy: PolicyState;
  readonly tagPrefix: string;
  readonly observed: Observed | null;
  readonly dates: Dates;
  readonly trust: Trust;
  readonly forge: Forge;
  /** This machine's place, in [0, 1), in the wave of a release. */
  readonly placeOf: (release: Release) => number;
  readonly pollEveryMs: number;
  readonly disk: Disk;
  readonly request: Request;
  /** The activation has begun: a window that closes meanwhile does not stop it. */
  readonly underWay: boolean;
  /** What was found not to be as the agent left it; empty where nobody looked. */
  readonly drift: readonly Drift[];
  /** What the machine's configuration says about it. */
  readonly driftPolicy: 'repair' | 'report';
  /** The machine's zone, an IANA name. */
  readonly zone: string;
  readonly now: Instant;
}

/** What a person asked for, this once. */
export interface Request {
  /** `--to`: this release, whatever the channel says. */
  readonly to: Release | null;
  /** Somebody waits at a terminal: no waiting after a transient failure. */
  readonly impatient: boolean;
  /** `--now`: without waiting for window, soak and wave. */
  readonly hurried: boolean;
}

export const NO_REQUEST: Request = { to: null, impatient: false, hurried: false };
