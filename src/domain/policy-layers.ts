import { groupOf } from './group.js';
import type { Group, GroupRules, MachineIdentity, NamedChannel, Policy, PolicyState } from './policy.js';

/** A part of the policy that says something of a machine, and where it stands. */
export interface Layer {
  /** As people read it: `policy`, `policy, channel beta`, `policy, group canaries`. */
  readonly from: string;
  readonly rules: GroupRules;
}

/** What a layer says, and which layer. */
export interface Said<T> {
  readonly value: T;
  readonly from: string;
}

/** What a policy says of a machine: of all machines, of its channel, of its group; what stands nearest to it comes last. */
export interface Layers {
  readonly group: Group | null;
  /** The channel that the policy gives the machine, or null. */
  readonly chosen: Said<string> | null;
  /** The policy's own channel that the machine is on, or null. */
  readonly named: NamedChannel | null;
  readonly layers: readonly Layer[];
}

/** A part that says nothing. */
const SILENT: GroupRules = {
  ...{ channel: null, pin: null, hold: null, windows: null, freezes: [], soakMs: null },
  ...{ wave: null, canary: null, major: null, approval: null },
};

const NO_POLICY: Policy = {
  ...{ version: 0, expires: null, rules: SILENT, groups: [], channels: {} },
  ...{ tombstones: [], barriers: [], approved: [], roster: [] },
};

/** The policy that is followed; one that says nothing where there is none. */
export function policyOf(state: PolicyState): Policy {
  return state.at === 'read' ? state.policy : NO_POLICY;
}

/** What the policy says of a machine whose own file names a channel. */
export function layersOf(policy: Policy, machine: MachineIdentity, ownChannel: string): Layers {
  const group = groupOf(policy, machine);
  const fleet: Layer = { from: 'policy', rules: policy.rules };
  const ofGroup = group === null ? [] : [{ from: `policy, group ${group.name}`, rules: group.rules }];
  const chosen = nearest([fleet, ...ofGroup], ({ channel }) => channel);
  const text = chosen?.value ?? ownChannel;
  const named = namedChannel(policy, text);
  const ofChannel =
    named === null
      ? []
      : [
          {
            from: `policy, channel ${text}`,
            rules: { ...SILENT, soakMs: named.soakMs, wave: named.wave },
          },
        ];
  return { group, chosen, named, layers: [fleet, ...ofChannel, ...ofGroup] };
}

/** What is said nearest to the machine: a group replaces what is said of its channel, and that what is said of all machines. */
export function nearest<T>(layers: readonly Layer[], pick: (rules: GroupRules) => T | null): Said<T> | null {
  const [said] = everywhere(layers, pick).slice(-1);
  return said ?? null;
}

/** Whatever is said, wherever it stands. */
export function everywhere<T>(layers: readonly Layer[], pick: (rules: GroupRules) => T | null): Said<T>[] {
  return layers.flatMap(({ from, rules }) => {
    const value = pick(rules);
    return value === null ? [] : [{ value, from }];
  });
}

/** A channel of the policy by its name, or null. */
export function namedChannel({ channels }: Pick<Policy, 'channels'>, name: string): NamedChannel | null {
  return Object.hasOwn(channels, name) ? (channels[name] ?? null) : null;
}
