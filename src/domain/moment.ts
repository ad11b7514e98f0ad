import type { Instant } from './release.js';

const DAY_MS = 86_400_000;

/**
 * A moment as a person says it, seen from `now`, in a zone: `02:00 Europe/Berlin`, `Tue 02:00 Europe/Berlin`, `1 Dec 2026 02:00 Europe/Berlin`.
 */
export function sayMoment(at: Instant, now: Instant, zone: string): string {
  const awayMs = Math.abs(at - now);
  const parts = awayMs < DAY_MS ? {} : awayMs < 6 * DAY_MS ? WEEKDAY : DATE;
  const format = new Intl.DateTimeFormat('en-GB', { ...TIME, ...parts, timeZone: zone });
  return `${format.format(at).replace(/,/g, '').replace(' at ', ' ')} ${zone}`;
}

const TIME = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const WEEKDAY = { weekday: 'short' } as const;
const DATE = { day: 'numeric', month: 'short', year: 'numeric' } as const;

const UNITS: readonly (readonly [number, string])[] = [
  [DAY_MS, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A span as people say it: `3 h`, `12 s`, `2 d`. */
export function saySpan(ms: number): string {
  const [size, name] = UNITS.find(([unit]) => ms >= unit) ?? [1, 'ms'];
  return `${Math.floor(ms / size)} ${name}`;
}
