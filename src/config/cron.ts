import type { DetailedValidation, ParsedFields } from 'node-cron';
import type { CronFields, MonthDay, MonthWeekday } from '../domain/window.js';
import { shown } from './issues.js';

/** Cron expressions as they are written → what they say, or a sentence of what is wrong with them. */
export type Crons = ReadonlyMap<string, CronFields | string>;

/** Reads every cron of windows in a file, wherever in it they stand. A file without any loads nothing. */
export async function readCrons(file: unknown): Promise<Crons> {
  const written = [...new Set(cronsIn(file))];
  if (written.length === 0) return new Map();
  const { validateDetailed } = await import('node-cron');
  return new Map(
    written.map((expression) => [expression, readCron(expression, validateDetailed(expression))]),
  );
}

function cronsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'cron' && typeof inner === 'string' ? [inner.trim()] : cronsIn(inner),
  );
}

function readCron(expression: string, { fields, errors }: DetailedValidation): CronFields | string {
  if (fields !== undefined && !hasSeconds(expression)) return fieldsOf(fields);
  const wrong =
    fields === undefined
      ? `is no cron expression: ${errors.map(({ message }) => message).join('; ')}`
      : 'has seconds; write five fields';
  return `${shown(expression)} ${wrong}; for example "0 2 * * 1-5"`;
}

function hasSeconds(expression: string): boolean {
  return expression.split(/\s+/).length > 5;
}

function fieldsOf({ minute, hour, dayOfMonth, month, dayOfWeek }: ParsedFields): CronFields {
  return {
    minutes: inOrder(minute),
    hours: inOrder(hour),
    daysOfMonth: dayOfMonth.map(monthDayOf),
    months: month,
    weekdays: dayOfWeek.map(weekdayOf),
  };
}

function inOrder(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** `L` is the last day, `L-3` three before it, `15W` the working day nearest to the 15th, `LW` the last working day. */
function monthDayOf(written: number | string): MonthDay {
  if (typeof written === 'number') return written;
  if (written === 'LW') return { workdayNear: 'last' };
  if (written.endsWith('W')) return { workdayNear: Number.parseInt(written, 10) };
  return { beforeLast: written === 'L' ? 0 : Number(written.slice('L-'.length)) };
}

/** `5#2` is the second Friday of a month, `5L` the last. */
function weekdayOf(written: number | string): MonthWeekday {
  if (typeof written === 'number') return written;
  const weekday = Number.parseInt(written, 10) % 7;
  return { weekday, nth: written.includes('#') ? Number(written.slice(written.indexOf('#') + 1)) : 'last' };
}
