import type { CronFields, Freeze, Window, Windows } from '../../src/domain/window.js';

// What windows are, said slowly: the clock on the wall is read as `Intl` writes it, and then gone through minute by minute.

const [HOUR, DAY] = [60, 1_440];
/** A clock is nowhere further from UTC than this; in minutes, as all here. */
const FAR = 2 * DAY;

/** What a clock on the wall shows, minute by minute from one minute since 1970 on. */
export interface Walls {
  readonly from: number;
  /** Minutes since 1970 of the same date and time in UTC. */
  readonly shown: Int32Array;
}

/** Reads a zone's clock at each minute; an hour in which it was not set by the look of its ends is counted on. */
export function readWalls(zone: string, from: number, count: number): Walls {
  const read = reader(zone);
  const shown = new Int32Array(count);
  for (let hour = 0; hour < count; hour += HOUR) {
    const first = read(from + hour);
    const isSteady = read(from + hour + HOUR) === first + HOUR;
    for (let index = hour; index < Math.min(count, hour + HOUR); index += 1)
      shown[index] = isSteady ? first + index - hour : read(from + index);
  }
  return { from, shown };
}

/** The minutes at which a zone's clock was set, found by looking at each hour. */
export function settings(zone: string, from: number, to: number): number[] {
  const read = reader(zone);
  const offset = (minute: number): number => read(minute) - minute;
  const found: number[] = [];
  for (let hour = from; hour < to; hour += 60)
    if (offset(hour) !== offset(hour + 60))
      for (let minute = hour; minute < hour + 60; minute += 1)
        if (offset(minute) !== offset(minute + 1)) found.push(minute + 1);
  return found;
}

function reader(zone: string): (minute: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', timeZone: zone },
  });
  return (minute) => Date.parse(`${format.format(minute * 60_000).replace(' ', 'T')}Z`) / 60_000;
}

/** Minute by minute: 1 where every window is open and nothing is frozen. True of what began after the first five days. */
export function openMinutes(
  windows: readonly Windows[],
  freezes: readonly Freeze[],
  walls: Walls,
): Uint8Array {
  const closed = new Uint8Array(walls.shown.length);
  for (const { allow, deny } of windows) {
    const allowed = cover(allow, walls);
    const denied = cover(deny, walls);
    for (let index = 0; index < closed.length; index += 1)
      if ((allow.length > 0 && allowed[index] === 0) || denied[index] === 1) closed[index] = 1;
  }
  for (const { from, to } of freezes)
    closed.fill(1, Math.max(0, from / 60_000 - walls.from), Math.max(0, to / 60_000 - walls.from));
  return closed.map((is) => 1 - is);
}

/** When each day's opening of a window begins and ends, as indexes of the walls; a cron may have several in a day. */
export function openingsOf(window: Window, walls: Walls): (readonly [number, number])[] {
  return daysOf(walls).flatMap((day) => {
    if (window.kind === 'cron')
      return minutesOf(window.cron, day).map((minute) => {
        const opens = firstShown(minute, walls, 0);
        return [opens, opens + window.forMs / 60_000] as const;
      });
    if (!window.days.includes(weekday(day))) return [];
    const [from, length] = [day * DAY + window.from, (window.to - window.from + DAY - 1) % DAY];
    const opens = firstShown(from, walls, 0);
    const closes = firstShown(from + length + 1, walls, opens);
    return [[opens, closes === opens ? opens + length + 1 : closes] as const];
  });
}

function cover(windows: readonly Window[], walls: Walls): Uint8Array {
  const covered = new Uint8Array(walls.shown.length);
  for (const window of windows) for (const [from, to] of openingsOf(window, walls)) covered.fill(1, from, to);
  return covered;
}

/** The days that the clock shows, but the first two and the last two, of which it may show a part only. */
function daysOf({ shown }: Walls): number[] {
  const days = new Set<number>();
  for (const minute of shown) days.add(Math.floor(minute / DAY));
  return [...days].sort((a, b) => a - b).slice(2, -2);
}

/** The first index, from one on, at which the clock shows that minute or a later one. */
function firstShown(minute: number, { from, shown }: Walls, atLeast: number): number {
  let index = Math.max(atLeast, minute - from - FAR, 0);
  while (index < shown.length && (shown[index] ?? 0) < minute) index += 1;
  return index;
}

function minutesOf(cron: CronFields, day: number): number[] {
  const all = Array.from({ length: DAY }, (_, minute) => day * DAY + minute);
  return all.filter((minute) => {
    const date = new Date(minute * 60_000);
    return (
      cron.minutes.includes(date.getUTCMinutes()) &&
      cron.hours.includes(date.getUTCHours()) &&
      cron.daysOfMonth.includes(date.getUTCDate()) &&
      cron.months.includes(date.getUTCMonth() + 1) &&
      cron.weekdays.includes(date.getUTCDay())
    );
  });
}

function weekday(day: number): number {
  return new Date(day * 86_400_000).getUTCDay();
}
