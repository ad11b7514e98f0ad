import { namedChannel } from './policy-layers.js';
import type { Channel } from './channel.js';
import type { GroupRules, NamedChannel, Policy } from './policy.js';
import { wholeAfterMs, type Wave } from './wave.js';

/** The channel that a release has to pass first. */
export interface FeederRules {
  readonly name: string;
  readonly channel: Channel;
  /** How long after it is out a release has passed it; null: never, its wave has no end. */
  readonly passedAfterMs: number | null;
}

/** What feeds a channel of the policy, or null. Nobody reports: that a release has passed is told by its age and the policy alone. */
export function feederOf(policy: Policy, named: NamedChannel | null): FeederRules | null {
  const after = named?.after ?? null;
  const feeder = after === null ? null : namedChannel(policy, after.channel);
  if (after === null || feeder === null) return null;
  const wholeMs = outMs(policy, after.channel, []);
  return {
    name: after.channel,
    channel: feeder.channel,
    passedAfterMs: wholeMs === null ? null : wholeMs + after.forMs,
  };
}

/** How long after it is out a release is with every machine of a channel, those that feed it before; null: never. */
function outMs(policy: Policy, name: string, above: readonly string[]): number | null {
  const channel = namedChannel(policy, name);
  // A circle of feeders is refused where a policy is read; one on record must not lead us around for ever.
  if (channel === null || above.includes(name)) return null;
  const { after } = channel;
  const feederMs = after === null ? 0 : outMs(policy, after.channel, [...above, name]);
  if (feederMs === null) return null;
  const fedMs = feederMs + (after?.forMs ?? 0);
  const spans = followers(policy, name, channel).map(({ soakMs, wave }) => {
    const waveMs = wave === null ? 0 : wholeAfterMs(wave);
    return waveMs === null ? Infinity : Math.max(soakMs, fedMs) + waveMs;
  });
  const slowest = Math.max(...spans);
  return Number.isFinite(slowest) ? slowest : null;
}

interface Pace {
  readonly soakMs: number;
  readonly wave: Wave | null;
}

/** How those take a release who are on a channel: machines of no group, whose own file may name it, and each group that the policy puts there. */
function followers({ rules, groups }: Policy, name: string, channel: NamedChannel): Pace[] {
  const there = groups.filter((group) => (group.rules.channel ?? rules.channel) === name);
  return [null, ...there].map((group) => paceOf(rules, channel, group?.rules ?? null));
}

function paceOf(fleet: GroupRules, channel: NamedChannel, group: GroupRules | null): Pace {
  const wave = group?.wave ?? channel.wave ?? fleet.wave;
  return {
    soakMs: group?.soakMs ?? channel.soakMs ?? fleet.soakMs ?? 0,
    wave: group?.canary === true ? null : wave,
  };
}
