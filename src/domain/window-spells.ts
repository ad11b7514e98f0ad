import { cronMinutes } from './cron.js';
import type { Instant } from './release.js';
import { merged } from './spells.js';
import type { Spell, Window } from './window.js';
import { DAY_MS, dayOf, hasDay, instantOf, MINUTE_MS, wallOf, weekdayOf, type Day } from './zone.js';

/** How far ahead windows are looked at: whoever comes by once a year is seen. */
export const HORIZON_MS = 400 * DAY_MS;

/** The spells in which one of the windows is open, from a moment to the horizon; the one at that moment with its beginning, as far as a window reaches. */
export function windowSpells(
  windows: readonly Window[],
  { zone, since }: { zone: string; since: Instant },
): Iterable<Spell> {
  const first = dayOf(wallOf(since, zone)) - Math.max(...windows.map(reachDays));
  const last = dayOf(wallOf(since + HORIZON_MS, zone));
  return merged(spellsOfDays(windows, { zone, first, last }));
}

function* spellsOfDays(
  windows: readonly Window[],
  { zone, first, last }: { zone: string; first: Day; last: Day },
): Generator<Spell, void> {
  for (let day = first; day <= last; day += 1) {
    if (!hasDay(day, zone)) continue;
    const spells = windows.flatMap((window) => spellsOfDay(window, day, zone));
    yield* spells.sort((a, b) => a.from - b.from);
  }
}

/** The spells of a window that open on a day of the zone's calendar. */
function spellsOfDay(window: Window, day: Day, zone: string): Spell[] {
  if (window.kind === 'cron')
    return runsOf(cronMinutes(window.cron, day), window.forMs).flatMap((run) =>
      spellsOfRun(run, { day, zone, forMs: window.forMs }),
    );
  if (!window.days.includes(weekdayOf(day))) return [];
  const from = momentOf(day, window.from, zone);
  const to = momentOf(day, window.from + minutesOf(window), zone);
  // Where the clock is put forward over all of it, it is open for as long as it always is.
  return [{ from, to: to > from ? to : from + minutesOf(window) * MINUTE_MS }];
}

/** Minutes of a day, of which each is open until the next, from the first to the last. */
interface Run {
  readonly first: number;
  last: number;
  readonly minutes: number[];
}

function runsOf(minutes: readonly number[], forMs: number): Run[] {
  const runs: Run[] = [];
  for (const minute of minutes) {
    const run = runs.at(-1);
    if (run === undefined || (minute - run.last) * MINUTE_MS > forMs)
      runs.push({ first: minute, last: minute, minutes: [minute] });
    else {
      run.last = minute;
      run.minutes.push(minute);
    }
  }
  return runs;
}

/** A run is one spell, unless the clock is set within it. */
function spellsOfRun(
  { first, last, minutes }: Run,
  { day, zone, forMs }: { day: Day; zone: string; forMs: number },
): Spell[] {
  const [from, end] = [momentOf(day, first, zone), momentOf(day, last, zone)];
  if (end - from === (last - first) * MINUTE_MS) return [{ from, to: end + forMs }];
  return minutes.map((minute) => {
    const opens = momentOf(day, minute, zone);
    return { from: opens, to: opens + forMs };
  });
}

function momentOf(day: Day, minute: number, zone: string): Instant {
  return instantOf(day * DAY_MS + minute * MINUTE_MS, zone);
}

function minutesOf({ from, to }: Extract<Window, { kind: 'days' }>): number {
  return to > from ? to - from : to - from + DAY_MS / MINUTE_MS;
}

/** On how many days before today a spell may have opened that is open yet; one more, for a clock that was set. */
function reachDays(window: Window): number {
  return 1 + (window.kind === 'cron' ? Math.ceil(window.forMs / DAY_MS) : 1);
}
