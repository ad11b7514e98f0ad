import { isNamed } from './channel.js';
import type { Release } from './release.js';
import type { Rules } from './rules.js';

// What whoever gives an order at a machine should know: where the fleet's policy decides otherwise.

/** To somebody who chooses a channel. */
export function channelWarnings({ channelText, pin }: Rules, own: string): string[] {
  return [
    ...(pin === null
      ? []
      : [`the fleet's policy pins this machine on ${pin}: a channel counts when it no longer does`]),
    ...(channelText === own
      ? []
      : [`the fleet's policy puts this machine on ${channelText}: ${own} counts when it no longer does`]),
  ];
}

/** To somebody who pins a release. */
export function pinWarnings({ tombstones, holds }: Rules, release: Release, tagPrefix: string): string[] {
  const stone = tombstones.find(({ tag }) => isNamed(release, tag, tagPrefix));
  const why = stone?.reason == null ? '' : `: ${stone.reason}`;
  return [
    ...(stone === undefined
      ? []
      : [`${release.tag} is withdrawn by the fleet's policy${why}; it is not brought`]),
    ...holds.map(({ reason }) => `${reason ?? 'this machine is held'}; nothing is brought until that ends`),
  ];
}

/** To somebody who lifts the hold here. */
export function resumeWarnings({ holds }: Rules): string[] {
  return holds.flatMap(({ by, reason }) =>
    by === 'fleet' ? [`${reason ?? "held by the fleet's policy"}; resume does not lift that`] : [],
  );
}
