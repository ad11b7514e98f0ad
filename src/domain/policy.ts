import type { Channel } from './channel.js';
import type { Commit, Instant } from './release.js';
import type { Wave } from './wave.js';
import type { Freeze, Windows } from './window.js';

/** Who gets what, when: `fleet.json`, as the operators keep it in Git and machines read it. */
export interface Policy {
  /** Only grows: an older one is not followed. */
  readonly version: number;
  /** From then on every machine holds. */
  readonly expires: Instant | null;
  /** For all machines, unless a group says otherwise. */
  readonly rules: GroupRules;
  /** A machine belongs to the first that names it. */
  readonly groups: readonly Group[];
  /** By name. */
  readonly channels: Readonly<Record<string, NamedChannel>>;
  /** Tags that no machine may go to. */
  readonly tombstones: readonly Tombstone[];
  /** Tags of versions that must be passed on the way to higher ones. */
  readonly barriers: readonly string[];
  /** Tags that the operators approve of for all machines. */
  readonly approved: readonly string[];
  /** The machines that the operators know of; for `rollout` and the simulator alone. */
  readonly roster: readonly MachineIdentity[];
}

/** What a policy says of some machines; null: nothing. */
export interface GroupRules {
  /** The name of one of the policy's channels, or any form of a channel. */
  readonly channel: string | null;
  /** A tag. */
  readonly pin: string | null;
  readonly hold: FleetHold | null;
  readonly windows: Windows | null;
  readonly freezes: readonly Freeze[];
  readonly soakMs: number | null;
  readonly wave: Wave | null;
  readonly canary: boolean | null;
  readonly major: 'auto' | 'manual' | null;
  readonly approval: 'none' | 'required' | null;
}

/** Machines that the same is said of. */
export interface Group {
  readonly name: string;
  readonly match: Match;
  readonly rules: GroupRules;
}

/** A machine is meant that has one of the ids, or a name that one of the globs fits, or all of the labels. */
export interface Match {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A rule with a name. */
export interface NamedChannel {
  readonly channel: Channel;
  /** As it is written. */
  readonly text: string;
  readonly soakMs: number | null;
  readonly wave: Wave | null;
  /** It takes only what another channel of the policy has rolled out whole, and so long ago. */
  readonly after: Feeder | null;
}

/** The channel that a release has to pass first, and for how long. */
export interface Feeder {
  readonly channel: string;
  readonly forMs: number;
}

/** All changes of some machines are stopped. */
export interface FleetHold {
  readonly reason: string | null;
  readonly until: Instant | null;
}

/** A release that is withdrawn. */
export interface Tombstone {
  readonly tag: string;
  readonly reason: string | null;
}

/** By what a policy knows a machine. */
export interface MachineIdentity {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a machine knows of the fleet's policy. */
export type PolicyState =
  /** `gitops.json` names none. */
  | { readonly at: 'none' }
  /** It names one that could not be read yet. */
  | { readonly at: 'unread'; readonly detail: string; readonly tried: Commit | null }
  /** `problem`: why a newer one is not followed, or null. */
  | {
      readonly at: 'read';
      readonly policy: Policy;
      readonly commit: Commit;
      /** The newest commit that was read, whether its policy is followed or not. */
      readonly tried: Commit;
      readonly problem: string | null;
    };
