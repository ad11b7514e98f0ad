import { parseChannel, type Channel } from './channel.js';
import { feederOf, type FeederRules } from './feeder.js';
import { everywhere, layersOf, nearest, policyOf, type Layers } from './policy-layers.js';
import { sayMoment } from './moment.js';
import type { Hold } from './orders.js';
import type { MachineIdentity, PolicyState, Tombstone } from './policy.js';
import type { Instant } from './release.js';
import type { Wave } from './wave.js';
import type { Freeze, Windows } from './window.js';
import { DAY_MS } from './zone.js';

/** What a machine's own file says of when it may change. */
export interface OwnRules {
  readonly channel: Channel;
  /** As it is written. */
  readonly channelText: string;
  readonly windows: Windows | null;
  readonly freezes: readonly Freeze[];
  readonly soakMs: number;
  readonly wave: Wave | null;
  readonly canary: boolean;
  readonly major: 'auto' | 'manual';
  readonly approval: 'none' | 'required';
}

/** A stop of all changes, and who can end it. */
export interface StandingHold {
  readonly reason: string | null;
  readonly until: Instant | null;
  readonly by: 'machine' | 'fleet';
}

/**
 * What holds for one machine. Who chooses: a person at the machine before the fleet's policy before the machine's own file.
 * Whatever stops or delays adds up: of two windows both must be open, of two soaks the longer counts.
 */
export interface Rules {
  readonly channel: Channel;
  readonly channelText: string;
  /** The tag that the policy pins this machine on, or null. */
  readonly pin: string | null;
  readonly holds: readonly StandingHold[];
  readonly windows: readonly Windows[];
  readonly freezes: readonly Freeze[];
  readonly soakMs: number;
  /** Those that keep this machine waiting: of two the later turn counts. */
  readonly waves: readonly Wave[];
  /** It goes before the others in the fleet's wave, or in its own where the policy has none. */
  readonly canary: boolean;
  readonly feeder: FeederRules | null;
  readonly major: 'auto' | 'manual';
  readonly approval: 'none' | 'required';
  readonly approved: readonly string[];
  readonly tombstones: readonly Tombstone[];
  readonly barriers: readonly string[];
  /** What people should know about the policy though it holds nothing back. */
  readonly notes: readonly string[];
  /** Where the machine's place in the fleet comes from: the group's name, or null. */
  readonly group: string | null;
}

/** What the rules are made of. */
export interface RuleSources {
  readonly machine: MachineIdentity;
  readonly own: OwnRules;
  readonly policy: PolicyState;
  /** The hold that somebody ordered here, or null. */
  readonly hold: Hold | null;
  /** In which moments are told, an IANA name. */
  readonly zone: string;
  readonly now: Instant;
}

/** Puts together what holds for a machine. */
export function rulesOf(sources: RuleSources): Rules {
  const { own, machine } = sources;
  const policy = policyOf(sources.policy);
  const said = layersOf(policy, machine, own.channelText);
  const { layers, named, group } = said;
  const channelText = said.chosen?.value ?? own.channelText;
  const windows = nearest(layers, (rules) => rules.windows)?.value ?? null;
  const { tombstones, barriers, approved } = policy;
  return {
    channel: named?.channel ?? (said.chosen === null ? null : parseChannel(channelText)) ?? own.channel,
    channelText,
    pin: nearest(layers, ({ pin }) => pin)?.value ?? null,
    holds: holdsOf(sources, said),
    windows: [own.windows, windows].flatMap((each) => each ?? []),
    freezes: [...own.freezes, ...layers.flatMap(({ rules }) => rules.freezes)],
    soakMs: Math.max(own.soakMs, nearest(layers, ({ soakMs }) => soakMs)?.value ?? 0),
    ...wavesOf(own, said),
    feeder: feederOf(policy, named),
    major: stricter('manual', own.major, nearest(layers, ({ major }) => major)?.value),
    approval: stricter('required', own.approval, nearest(layers, ({ approval }) => approval)?.value),
    ...{ approved, tombstones, barriers },
    notes: notesOf(sources, channelText),
    group: group?.name ?? null,
  };
}

function stricter<T>(strict: T, own: T, said: T | undefined): T {
  return said === strict ? strict : own;
}

/** Who goes first in the fleet is the policy's word before the machine's; a policy brings no machine past the wave of its own file. */
function wavesOf(own: OwnRules, { layers }: Layers): Pick<Rules, 'waves' | 'canary'> {
  const fleets = nearest(layers, ({ wave }) => wave)?.value ?? null;
  const canary = nearest(layers, (rules) => rules.canary)?.value ?? own.canary;
  const waves = [own.canary ? null : own.wave, canary ? null : fleets].flatMap((wave) => wave ?? []);
  return { waves, canary };
}

function holdsOf(sources: RuleSources, { layers }: Layers): StandingHold[] {
  const { hold, policy, now } = sources;
  const holds: StandingHold[] = [
    ...(hold === null ? [] : [{ ...hold, by: 'machine' as const }]),
    ...(policy.at === 'unread' ? [fleetHold(policy.detail)] : []),
    ...expiryOf(sources).map(fleetHold),
    ...everywhere(layers, (rules) => rules.hold).map(({ value: { reason, until } }) => ({
      ...fleetHold(`held by the fleet's policy${reason === null ? '' : `: ${reason}`}`),
      until,
    })),
  ];
  return holds.filter(({ until }) => until === null || until > now);
}

function fleetHold(reason: string): StandingHold {
  return { reason, until: null, by: 'fleet' };
}

/** That the policy has expired, if it has. */
function expiryOf({ policy, zone, now }: RuleSources): string[] {
  if (policy.at !== 'read') return [];
  const { version, expires } = policy.policy;
  if (expires === null || expires > now) return [];
  // Seen from later it is told with its date, the same at every look.
  const when = sayMoment(expires, expires + DAY_MS, zone);
  return [`version ${version} of the fleet's policy expired on ${when}: publish a newer one`];
}

function notesOf({ policy, own }: RuleSources, text: string): string[] {
  const problem = policy.at === 'read' ? policy.problem : null;
  return [
    ...(problem === null ? [] : [problem]),
    ...(text === own.channelText
      ? []
      : [`the fleet's policy puts this machine on ${text}, not on ${own.channelText}`]),
  ];
}
