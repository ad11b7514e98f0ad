import { saySpan } from './moment.js';
import type { Wave } from './wave.js';
import type { Window, Windows } from './window.js';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** When a machine may change, in words: `sat 22:00–04:00, not sun 00:00–24:00, Europe/Berlin`. */
export function sayWindows({ zone, allow, deny }: Windows): string {
  const texts = [...allow.map(sayWindow), ...deny.map((window) => `not ${sayWindow(window)}`)];
  return [...texts, zone].join(', ');
}

/** How a release is rolled out, in words: `over 1 d, canaries 2 h before`. */
export function sayWave({ canaryMs, curve }: Wave): string {
  const lead = canaryMs === 0 ? '' : `, canaries ${saySpan(canaryMs)} before`;
  if (curve.kind === 'linear') return `over ${saySpan(curve.overMs)}${lead}`;
  const steps = curve.steps.map(({ atMs, share }) => `${Math.round(share * 100)} % after ${saySpan(atMs)}`);
  return `${steps.join(', ')}${lead}`;
}

function sayWindow(window: Window): string {
  if (window.kind === 'cron') return `for ${saySpan(window.forMs)} by cron`;
  const days = window.days.length === 7 ? '' : `${window.days.map((day) => DAYS[day] ?? '').join(',')} `;
  return `${days}${clock(window.from)}–${clock(window.to)}`;
}

function clock(minutes: number): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
