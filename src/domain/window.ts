import type { Instant } from './release.js';

/** A rule of wall-clock time, again and again: on weekdays (0 is Sunday) from one minute of the day to another, or for a while from each match of a cron. */
export type Window =
  | {
      readonly kind: 'days';
      readonly days: readonly number[];
      /** Minutes since midnight. `to` at or before `from` lies on the following day. */
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'cron'; readonly cron: CronFields; readonly forMs: number };

/** The values that each field of a cron takes; minutes and hours in order. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly MonthDay[];
  /** From 1. */
  readonly months: readonly number[];
  readonly weekdays: readonly MonthWeekday[];
}

/** A day of a month: its number, so many days before the last, or the working day nearest to one. */
export type MonthDay = number | { readonly beforeLast: number } | { readonly workdayNear: number | 'last' };

/** A day of the week (0 is Sunday): each, or only the nth or the last of a month. */
export type MonthWeekday = number | { readonly weekday: number; readonly nth: number | 'last' };

/** When a machine may change, in one zone: within one of `allow` (empty: at any time) and within none of `deny`. */
export interface Windows {
  /** IANA name. */
  readonly zone: string;
  readonly allow: readonly Window[];
  readonly deny: readonly Window[];
}

/** From one moment to another, the latter left out. */
export interface Spell {
  readonly from: Instant;
  readonly to: Instant;
}

/** A spell in which nothing is activated. */
export interface Freeze extends Spell {
  readonly reason: string | null;
}
