import { parseChannel, type Channel } from './channel.js';
import type { Hold } from './orders.js';
import type {
  Group,
  GroupRules,
  MachineIdentity,
  Match,
  NamedChannel,
  Policy,
  PolicyState,
  Tombstone,
} from './policy.js';
import type { Instant } from './release.js';
import { wholeAfterMs, type Wave } from './wave.js';
import type { Freeze, Windows } from './window.js';

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
  readonly wave: Wave | null;
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

/** The channel that a release has to pass first. */
export interface FeederRules {
  readonly name: string;
  readonly channel: Channel;
  /** How long after it is out a release has passed it; null: never, its wave has no end. */
  readonly passedAfterMs: number | null;
}

/** What the rules are made of. */
export interface RuleSources {
  readonly machine: MachineIdentity;
  readonly own: OwnRules;
  readonly policy: PolicyState;
  /** The hold that somebody ordered here, or null. */
  readonly hold: Hold | null;
  readonly now: Instant;
}

/** Puts together what holds for a machine. */
export function rulesOf(sources: RuleSources): Rules {
  const { own, machine } = sources;
  const policy = sources.policy.at === 'read' ? sources.policy.policy : NO_POLICY;
  const group = groupOf(policy, machine);
  const said = [policy.rules, ...(group === null ? [] : [group.rules])];
  const chosen = last(said, ({ channel }) => channel);
  const text = chosen ?? own.channelText;
  const named = namedChannel(policy, text);
  const wave = last(said, (rules) => rules.wave) ?? named?.wave ?? own.wave;
  return {
    channel: named?.channel ?? (chosen === null ? null : parseChannel(chosen)) ?? own.channel,
    channelText: text,
    pin: last(said, ({ pin }) => pin),
    holds: holdsOf(sources, said),
    windows: [own.windows, last(said, ({ windows }) => windows)].flatMap((windows) => windows ?? []),
    freezes: [own, ...said].flatMap(({ freezes }) => freezes),
    soakMs: Math.max(own.soakMs, last(said, ({ soakMs }) => soakMs) ?? named?.soakMs ?? 0),
    wave,
    canary: last(said, ({ canary }) => canary) ?? own.canary,
    feeder: feederOf(policy, named),
    major: stricter(
      'manual',
      own.major,
      last(said, ({ major }) => major),
    ),
    approval: stricter(
      'required',
      own.approval,
      last(said, ({ approval }) => approval),
    ),
    approved: policy.approved,
    tombstones: policy.tombstones,
    barriers: policy.barriers,
    notes: notesOf(sources, text),
    group: group?.name ?? null,
  };
}

/** The group that a machine belongs to: the first that names it; null: none does. */
export function groupOf({ groups }: Pick<Policy, 'groups'>, machine: MachineIdentity): Group | null {
  return groups.find(({ match }) => fits(match, machine)) ?? null;
}

const NOTHING_SAID: GroupRules = {
  ...{ channel: null, pin: null, hold: null, windows: null, freezes: [], soakMs: null },
  ...{ wave: null, canary: null, major: null, approval: null },
};

const NO_POLICY: Policy = {
  ...{ version: 0, expires: null, rules: NOTHING_SAID, groups: [], channels: {} },
  ...{ tombstones: [], barriers: [], approved: [], roster: [] },
};

function fits({ ids, names, labels }: Match, machine: MachineIdentity): boolean {
  const wanted = Object.entries(labels);
  return (
    ids.includes(machine.id) ||
    names.some((glob) => fitsGlob(glob, machine.name)) ||
    (wanted.length > 0 && wanted.every(([label, value]) => machine.labels[label] === value))
  );
}

/** `*` stands for any characters and `?` for one; capitals do not matter, as in host names. */
function fitsGlob(glob: string, name: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 'is').test(name);
}

/** What was said last: a group replaces what is said of all machines. */
function last<T>(said: readonly GroupRules[], pick: (rules: GroupRules) => T | null): T | null {
  return said.map(pick).findLast((value) => value !== null) ?? null;
}

function stricter<T>(strict: T, own: T, said: T | null): T {
  return said === strict ? strict : own;
}

function namedChannel({ channels }: Policy, text: string): NamedChannel | null {
  return Object.hasOwn(channels, text) ? (channels[text] ?? null) : null;
}

function feederOf(policy: Policy, named: NamedChannel | null): FeederRules | null {
  const after = named?.after ?? null;
  const feeder = after === null ? null : namedChannel(policy, after.channel);
  if (after === null || feeder === null) return null;
  const wholeMs = outMs(policy, feeder);
  return {
    name: after.channel,
    channel: feeder.channel,
    passedAfterMs: wholeMs === null ? null : wholeMs + after.forMs,
  };
}

/** How long after it is out a release is with every machine of a channel, the channels that feed it included; null: never. */
function outMs(policy: Policy, channel: NamedChannel): number | null {
  const { soakMs, wave, after } = channel;
  const feeder = after === null ? null : namedChannel(policy, after.channel);
  const fedMs = after === null || feeder === null ? 0 : outMs(policy, feeder);
  const wholeMs = wave === null ? 0 : wholeAfterMs(wave);
  if (fedMs === null || wholeMs === null) return null;
  return Math.max(soakMs ?? 0, fedMs + (after?.forMs ?? 0)) + wholeMs;
}

function holdsOf({ hold, policy, now }: RuleSources, said: readonly GroupRules[]): StandingHold[] {
  const fleet = said.flatMap((rules) => rules.hold ?? []);
  const holds: StandingHold[] = [
    ...(hold === null ? [] : [{ ...hold, by: 'machine' as const }]),
    ...(policy.at === 'unread' ? [fleetHold(policy.detail)] : []),
    ...(policy.at === 'read' && isExpired(policy.policy, now) ? [fleetHold(expired(policy.policy))] : []),
    ...fleet.map(({ reason, until }) => ({ reason, until, by: 'fleet' as const })),
  ];
  return holds.filter(({ until }) => until === null || until > now);
}

function fleetHold(reason: string): StandingHold {
  return { reason, until: null, by: 'fleet' };
}

function isExpired({ expires }: Policy, now: Instant): boolean {
  return expires !== null && expires <= now;
}

function expired({ version, expires }: Policy): string {
  const when = expires === null ? '' : ` on ${new Date(expires).toISOString()}`;
  return `version ${version} of the fleet's policy expired${when}: publish a newer one`;
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
