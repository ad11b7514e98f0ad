import { zoneOf, type Root } from '../agent/root.js';
import { sayMoment } from '../domain/moment.js';
import type { Instant } from '../domain/release.js';
import type { Closed } from '../domain/verdict.js';
import { wallOf } from '../domain/zone.js';

/** Writes a moment for people. */
export type Say = (at: Instant) => string;

/** Tells moments as gates do, in the zone of the root: `Tue 02:00 Europe/Berlin`. */
export function momentsOf(root: Root): Say {
  const now = root.host.clock.now();
  return (at) => sayMoment(at, now, zoneOf(root));
}

// Their details tell the moment already.
const TOLD: readonly Closed['reason'][] = ['frozen', 'window', 'soak', 'wave'];

/** When a closed gate opens, as a person reads it after its reason: ` until Tue 05:58 Europe/Berlin`; nothing where the detail tells it, or nobody knows. */
export function untilOf({ reason, until }: Pick<Closed, 'reason' | 'until'>, say: Say): string {
  return until === null || TOLD.includes(reason) ? '' : ` until ${say(until)}`;
}

/** Writes moments for a column, all alike; its head tells the zone, an IANA name: `2026-11-24 05:58`. */
export function columnMoments(zone: string): Say {
  return (at) => wallText(at, zone).slice(0, 'YYYY-MM-DD hh:mm'.length);
}

/** Writes the time of day in a zone, an IANA name: `05:58:07`. */
export function timesOfDay(zone: string): Say {
  return (at) => wallText(at, zone).slice('YYYY-MM-DD '.length, 'YYYY-MM-DD hh:mm:ss'.length);
}

/** Writes moments of the days around in a zone, an IANA name: `24 Nov 05:58`. */
export function shortMoments(zone: string): Say {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
    ...{ hourCycle: 'h23', timeZone: zone },
  });
  return (at) => format.format(at).replace(/,| at/g, '');
}

function wallText(at: Instant, zone: string): string {
  return new Date(wallOf(at, zone)).toISOString().replace('T', ' ');
}
