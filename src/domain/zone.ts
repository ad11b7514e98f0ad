import type { Instant } from './release.js';

/** What the clock on the wall of a zone shows: the milliseconds since 1970 that a clock in UTC shows the same at. */
export type Wall = number;

/** Days since 1970-01-01 in the calendar of a zone. */
export type Day = number;

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** What the clock on the wall of a zone (an IANA name) shows at an instant. Throws a `RangeError` for a zone that there is not. */
export function wallOf(at: Instant, zone: string): Wall {
  const day = Math.floor(at / DAY_MS);
  const { offset } = spansOf(day, tableOf(zone)).find(({ to }) => at < to) ?? NOWHERE;
  return at + offset;
}

/**
 * The first instant at which the clock on the wall of a zone shows that, or later.
 * Where the clock is put forward over it, that is the moment of doing so; where it is shown twice, the first time.
 */
export function instantOf(wall: Wall, zone: string): Instant {
  const steady = steadyOffset(dayOf(wall), tableOf(zone));
  if (steady !== null) return wall - steady;
  for (const { from, to, offset } of spansAround(wall, zone)) {
    const at = Math.max(from, wall - offset);
    if (at < to) return at;
  }
  throw new RangeError(`no clock in ${zone} ever shows ${wall}`);
}

/** Every instant at which the clock on the wall of a zone shows exactly that: one, none in a gap, or two. */
export function instantsOf(wall: Wall, zone: string): Instant[] {
  return spansAround(wall, zone).flatMap(({ from, to, offset }) =>
    from <= wall - offset && wall - offset < to ? [wall - offset] : [],
  );
}

/** Whether a zone's calendar has that day: Samoa went from 29 to 31 December 2011. */
export function hasDay(day: Day, zone: string): boolean {
  return dayOf(wallOf(instantOf(day * DAY_MS, zone), zone)) === day;
}

/** The day on which a clock shows that. */
export function dayOf(wall: Wall): Day {
  return Math.floor(wall / DAY_MS);
}

/** 0 is Sunday. */
export function weekdayOf(day: Day): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** A part of a day in UTC through which a zone's clock is so far ahead of UTC. */
interface Span {
  readonly from: Instant;
  readonly to: Instant;
  readonly offset: number;
}

const NOWHERE = { offset: Number.NaN };

/** What was found out about a zone: reading one offset from `Intl` takes longer than all the rest. */
interface ZoneTable {
  readonly format: Intl.DateTimeFormat;
  /** By day in UTC: the offset at its beginning. */
  readonly offsets: Map<Day, number>;
  /** By day in UTC: when the clock is set on it. */
  readonly shifts: Map<Day, Instant>;
}

const FIELDS: Intl.DateTimeFormatOptions = {
  ...{ calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
  ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
  ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
};

const TABLES = new Map<string, ZoneTable>();

function tableOf(zone: string): ZoneTable {
  const known = TABLES.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', { ...FIELDS, timeZone: zone });
  const table = { format, offsets: new Map<Day, number>(), shifts: new Map<Day, Instant>() };
  TABLES.set(zone, table);
  return table;
}

/** On most days, and those beside them, no clock is set: there the answer is near. */
function steadyOffset(day: Day, table: ZoneTable): number | null {
  const offset = offsetAtDay(day, table);
  const isSteady = [day - 1, day + 1, day + 2].every((other) => offsetAtDay(other, table) === offset);
  return isSteady ? offset : null;
}

/** A clock is nowhere a whole day away from UTC. */
function spansAround(wall: Wall, zone: string): Span[] {
  const table = tableOf(zone);
  const day = dayOf(wall);
  return [...spansOf(day - 1, table), ...spansOf(day, table), ...spansOf(day + 1, table)];
}

/** No zone sets its clock twice within a day. */
function spansOf(day: Day, table: ZoneTable): Span[] {
  const [from, to] = [day * DAY_MS, (day + 1) * DAY_MS];
  const [before, after] = [offsetAtDay(day, table), offsetAtDay(day + 1, table)];
  if (before === after) return [{ from, to, offset: before }];
  const shift = table.shifts.get(day) ?? findShift(day, table);
  table.shifts.set(day, shift);
  return [
    { from, to: shift, offset: before },
    { from: shift, to, offset: after },
  ];
}

function offsetAtDay(day: Day, { offsets, format }: ZoneTable): number {
  const known = offsets.get(day);
  if (known !== undefined) return known;
  const offset = readOffset(day * DAY_MS, format);
  offsets.set(day, offset);
  return offset;
}

/** The clock is set on a whole second. */
function findShift(day: Day, { format, offsets }: ZoneTable): Instant {
  const before = offsets.get(day);
  let [low, high] = [(day * DAY_MS) / 1_000, ((day + 1) * DAY_MS) / 1_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readOffset(middle * 1_000, format) === before) low = middle;
    else high = middle;
  }
  return high * 1_000;
}

function readOffset(at: Instant, format: Intl.DateTimeFormat): number {
  const shown = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => shown.get(type) ?? Number.NaN;
  const date = [part('year'), part('month') - 1, part('day')] as const;
  return Date.UTC(...date, part('hour'), part('minute'), part('second')) - at;
}
