import { DAY_MS, weekdayOf, type Day } from './zone.js';
import type { CronFields, MonthDay, MonthWeekday } from './window.js';

/** The minutes of a day, in order, at which a cron matches. As `node-cron` has it, the day of the month and that of the week must both fit. */
export function cronMinutes({ hours, minutes, ...dates }: CronFields, day: Day): number[] {
  if (!fitsDay(dates, day)) return [];
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

/** A day in the calendar. */
interface CalendarDay {
  /** Of the month, from 1. */
  readonly number: number;
  readonly weekday: number;
  /** The last day of its month. */
  readonly last: number;
}

function fitsDay(
  { daysOfMonth, months, weekdays }: Omit<CronFields, 'hours' | 'minutes'>,
  day: Day,
): boolean {
  const date = new Date(day * DAY_MS);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const calendar = { number: date.getUTCDate(), weekday: weekdayOf(day), last };
  return (
    daysOfMonth.some((wanted) => fitsMonthDay(wanted, calendar)) &&
    weekdays.some((wanted) => fitsWeekday(wanted, calendar))
  );
}

function fitsMonthDay(wanted: MonthDay, { number, weekday, last }: CalendarDay): boolean {
  if (typeof wanted === 'number') return wanted === number;
  if ('beforeLast' in wanted) return number === last - wanted.beforeLast;
  const target = wanted.workdayNear === 'last' ? last : wanted.workdayNear;
  return target <= last && number === nearestWorkday(target, { number, weekday, last });
}

/** Never in another month: the first of a month, a Saturday, gives way to Monday the third. */
function nearestWorkday(target: number, { number, weekday, last }: CalendarDay): number {
  const targetWeekday = (((weekday + target - number) % 7) + 7) % 7;
  if (targetWeekday === 6) return target === 1 ? target + 2 : target - 1;
  if (targetWeekday === 0) return target === last ? target - 2 : target + 1;
  return target;
}

function fitsWeekday(wanted: MonthWeekday, { number, weekday, last }: CalendarDay): boolean {
  if (typeof wanted === 'number') return wanted === weekday;
  if (wanted.weekday !== weekday) return false;
  return wanted.nth === 'last' ? number + 7 > last : Math.ceil(number / 7) === wanted.nth;
}
