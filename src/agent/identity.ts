import { createHash } from 'node:crypto';
import type { MachineConfig } from '../config/machine.js';
import type { MachineIdentity } from '../domain/policy.js';
import { HEAD_PREFIX, type Release } from '../domain/release.js';
import type { OwnRules } from '../domain/rules.js';
import { drawInput } from '../domain/wave.js';
import type { Root } from './root.js';

/** By what a policy knows this machine. */
export function identityOf({ config, machine, host }: Root): MachineIdentity {
  return { id: machine.id, name: config.name ?? host.hostName, labels: config.labels };
}

/** What the machine's own file says of when it may change. */
export function ownRules({ channel, channelText, rules }: MachineConfig): OwnRules {
  return { channel, channelText, ...rules };
}

/** The places of a machine, in [0, 1), in the waves of releases: by chance, but each time the same. */
export function placeIn({ machine }: Pick<Root, 'machine'>): (release: Release) => number {
  return (release) => placeOf(machine.id, waveName(release));
}

/** The place of a machine in the wave of a tag. */
export function placeOf(machineId: string, tag: string): number {
  const digest = createHash('sha256').update(drawInput(machineId, tag)).digest();
  // 53 bits are what a number holds; dividing the rounded 64 could give 1.
  return Number(digest.readBigUInt64BE() >> 11n) / 2 ** 53;
}

/** Each commit of a branch is a release of its own. */
function waveName({ tag, commit, ref }: Release): string {
  return ref?.startsWith(HEAD_PREFIX) === true ? `${tag}@${commit}` : tag;
}
