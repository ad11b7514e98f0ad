import { saySpan } from '../domain/moment.js';
import type { Instant } from '../domain/release.js';
import { wallOf } from '../domain/zone.js';
import { html, type Markup } from './html.js';
import type { Telling } from './view.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A moment in the page's zone, as short as can be: `05:58` today, `24 Nov 05:58`, `24 Nov 2025 05:58`. */
export function moment(at: Instant, { now, zone }: Telling): Markup {
  const [wall, today] = [new Date(wallOf(at, zone)).toISOString(), new Date(wallOf(now, zone)).toISOString()];
  const [year = '', month = '', day = ''] = wall.slice(0, 10).split('-');
  const date = `${Number(day)} ${MONTHS[Number(month) - 1] ?? ''} ${today.startsWith(year) ? '' : `${year} `}`;
  const text = `${wall.slice(0, 10) === today.slice(0, 10) ? '' : date}${wall.slice(11, 16)}`;
  return html`<time datetime="${new Date(at).toISOString()}">${text}</time>`;
}

/** The time of day to the second: `05:58:07`. */
export function timeOfDay(at: Instant, zone: string): string {
  return new Date(wallOf(at, zone)).toISOString().slice(11, 19);
}

/** How long it is or was, never less than nothing: clocks are set. */
export function span(ms: number): string {
  return saySpan(Math.max(0, ms));
}

/** `3 h ago`, or `in 3 h`. */
export function distance(at: Instant, now: Instant): string {
  return at <= now ? `${span(now - at)} ago` : `in ${span(at - now)}`;
}
