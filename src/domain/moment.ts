import type { Instant } from './release.js';
import { DAY_MS, dayOf, instantsOf, MINUTE_MS, wallOf, weekdayOf } from './zone.js';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = [
  ...(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'] as const),
  ...(['Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const),
] as const;

/**
 * A moment as a person says it, seen from `now`, in a zone: `02:00 Europe/Berlin`, `Tue 02:00 Europe/Berlin`, `1 Dec 2026 02:00 Europe/Berlin`.
 * A time alone is the next one that a clock of that zone shows, a weekday the next of that name: so whoever reads it elsewhere, where it is another day, means the same.
 * What lies between two minutes is told by the later one.
 */
export function sayMoment(at: Instant, now: Instant, zone: string): string {
  const told = Math.ceil(at / MINUTE_MS) * MINUTE_MS;
  const [wall, today] = [wallOf(told, zone), wallOf(now, zone)];
  const date = told < now ? dateOf(wall) : dateUnlessNear(wall, today);
  return `${date}${new Date(wall).toISOString().slice(11, 16)} ${zone}${offsetIfShownTwice(told, wall, zone)}`;
}

function dateUnlessNear(wall: number, today: number): string {
  if (wall >= today && wall - today < DAY_MS) return '';
  const days = dayOf(wall) - dayOf(today);
  return days > 0 && days < 7 ? `${WEEKDAYS[weekdayOf(dayOf(wall))] ?? ''} ` : dateOf(wall);
}

function dateOf(wall: number): string {
  const date = new Date(wall);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()} `;
}

/** In the hour that comes twice, a time alone does not tell which of the two. */
function offsetIfShownTwice(at: Instant, wall: number, zone: string): string {
  if (instantsOf(wall, zone).length < 2) return '';
  const minutes = (wall - at) / MINUTE_MS;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return ` (UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`})`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [DAY_MS, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A span as people say it, in its two largest units, from a second on without milliseconds: `800 ms`, `12 s`, `3 h`, `1 d 12 h`. */
export function saySpan(ms: number): string {
  const index = UNITS.findIndex(([unit]) => ms >= unit);
  const [size, name] = UNITS[index] ?? [1, 'ms'];
  const [smaller, nameOfSmaller] = (index < 0 ? undefined : UNITS[index + 1]) ?? [size, name];
  const rest = Math.floor((ms % size) / smaller);
  return `${Math.floor(ms / size)} ${name}${rest === 0 ? '' : ` ${rest} ${nameOfSmaller}`}`;
}
