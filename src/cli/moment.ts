import type { Instant } from '../domain/release.js';

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A span as people say it: `3 h`, `12 s`, `2 d`. */
export function describeSpan(ms: number): string {
  const [size, name] = UNITS.find(([unit]) => ms >= unit) ?? [1, 'ms'];
  return `${Math.floor(ms / size)} ${name}`;
}

/** A moment as people read it, in the machine's own zone: `2026-11-24 05:58`. */
export function describeMoment(at: Instant): string {
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Writes moments of the days around in a zone, an IANA name: `24 Nov 05:58`. */
export function shortMoments(zone: string): (at: Instant) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
    ...{ hourCycle: 'h23', timeZone: zone },
  });
  return (at) => format.format(at).replace(/,| at/g, '');
}
