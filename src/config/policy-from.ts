import { parseChannel } from '../domain/channel.js';
import type { GroupRules, NamedChannel, Policy } from '../domain/policy.js';
import type { Instant } from '../domain/release.js';
import { freezesOf } from './freeze.js';
import { endOf, type WrittenMoment } from './moment.js';
import type { FleetFile } from './policy-file.js';
import { windowsOf, type WindowPlace } from './window.js';

type WrittenRules = Omit<FleetFile['groups'][number], 'name' | 'match'>;

/** A policy out of a file that has been checked; times of day without a zone of their own are those of `zone`. */
export function policyFrom(file: FleetFile, { zone, crons }: WindowPlace): Policy {
  const ofFleet = file.timezone ?? zone;
  const channels = Object.entries(file.channels).flatMap(([name, written]) => {
    const channel = channelFrom(written);
    return channel === null ? [] : [[name, channel] as const];
  });
  return {
    version: file.version,
    expires: until(file.expires, ofFleet),
    rules: rulesFrom(file, { zone: ofFleet, crons }),
    groups: file.groups.map((group) => ({
      name: group.name,
      match: group.match,
      rules: rulesFrom(group, { zone: group.timezone ?? ofFleet, crons }),
    })),
    channels: Object.fromEntries(channels),
    tombstones: file.tombstones.map((stone) =>
      typeof stone === 'string'
        ? { tag: stone, reason: null }
        : { tag: stone.tag, reason: stone.reason ?? null },
    ),
    barriers: file.barriers,
    approved: file.approved,
    roster: file.machines.map(({ id, name, labels }) => ({ id, name: name ?? id, labels })),
  };
}

function rulesFrom(written: WrittenRules, place: WindowPlace): GroupRules {
  const { channel, pin, hold, window, freeze, soak, wave, canary, major, approval } = written;
  return {
    channel: channel ?? null,
    pin: pin ?? null,
    hold: holdFrom(hold, place.zone),
    windows: windowsOf(window, place),
    freezes: freezesOf(freeze, place.zone),
    soakMs: soak ?? null,
    wave: wave ?? null,
    ...{ canary: canary ?? null, major: major ?? null, approval: approval ?? null },
  };
}

function holdFrom(hold: WrittenRules['hold'], zone: string): GroupRules['hold'] {
  if (hold === undefined || hold === false) return null;
  if (hold === true) return { reason: null, until: null };
  return { reason: hold.reason ?? null, until: until(hold.until, zone) };
}

function channelFrom({ follow, soak, wave, after }: FleetFile['channels'][string]): NamedChannel | null {
  const channel = parseChannel(follow);
  if (channel === null) return null;
  return {
    ...{ channel, text: follow, soakMs: soak ?? null, wave: wave ?? null },
    after: after === undefined ? null : { channel: after.channel, forMs: after.for },
  };
}

function until(moment: WrittenMoment | undefined, zone: string): Instant | null {
  return moment === undefined ? null : endOf(moment, zone);
}
