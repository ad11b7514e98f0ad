import * as v from 'valibot';
import type { Instant } from '../domain/release.js';
import { DAY_MS, instantOf } from '../domain/zone.js';
import { parseDuration } from './duration.js';
import { text } from './forms.js';
import { shown } from './issues.js';

/** A day, or a time of it, in a zone that is told apart or that it names itself. */
export interface WrittenMoment {
  /** What a clock shows then, as milliseconds since 1970. */
  readonly wall: number;
  /** How far that clock is ahead of UTC; null: it is a clock of the zone that the file is read in. */
  readonly aheadMs: number | null;
  /** Only the day is written. */
  readonly day: boolean;
}

// How people are told to write a moment.
const MOMENT_FORMS = '2026-12-24, 2026-12-24T18:00, or with an offset 2026-12-24T18:00+01:00 or …Z';

/** Reads a moment as people write it; null where it is none. */
export function parseMoment(written: string): WrittenMoment | null {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(written.trim());
  const [, date, time = '00:00', offset] = parts ?? [];
  if (date === undefined) return null;
  const wall = Date.parse(`${date}T${time}Z`);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(date)) return null;
  return { wall, aheadMs: offset === undefined ? null : aheadOf(offset), day: parts?.[2] === undefined };
}

/** A moment in a file. */
export const moment = v.pipe(
  text,
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): WrittenMoment => {
    const parsed = parseMoment(value);
    if (parsed !== null) return parsed;
    addIssue({ message: `${shown(value)} is no moment; write ${MOMENT_FORMS}` });
    return NEVER;
  }),
);

/** How people are told to write a moment at a terminal. */
export const WHEN_FORMS = `a span from now such as 2h or 1d 12h, or ${MOMENT_FORMS}`;

/** Reads a moment as people write it at a terminal, where a span from now is one too; null where it is none. */
export function parseWhen(written: string, now: Instant): WrittenMoment | null {
  const spanMs = parseDuration(written);
  return spanMs === null ? parseMoment(written) : { wall: now + spanMs, aheadMs: 0, day: false };
}

/** The moment at which something begins that is written so. */
export function beginOf({ wall, aheadMs }: WrittenMoment, zone: string): Instant {
  return aheadMs === null ? instantOf(wall, zone) : wall - aheadMs;
}

/** The moment at which something ends that is written so: a day counts to its end. */
export function endOf(moment: WrittenMoment, zone: string): Instant {
  return beginOf(moment.day ? { ...moment, wall: moment.wall + DAY_MS } : moment, zone);
}

function aheadOf(offset: string): number {
  return offset === 'Z' ? 0 : -Date.parse(`1970-01-01T00:00${offset}`);
}
