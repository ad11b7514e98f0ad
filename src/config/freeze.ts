import * as v from 'valibot';
import type { Freeze } from '../domain/window.js';
import { oneOrMany, section, text } from './forms.js';
import { beginOf, endOf, moment, type WrittenMoment } from './moment.js';

const MOST_FREEZES = 100;

/** A freeze as it is written, in a zone that stands elsewhere. */
export interface WrittenFreeze {
  readonly from: WrittenMoment;
  readonly to: WrittenMoment;
  readonly reason: string | null;
}

/** One freeze, as the schema of a file tells it. */
export const freezeEntry = section({ from: moment, to: moment, reason: v.optional(text) });

/** `freeze`: from when to when nothing is activated. One, or a list. */
export const freezeList = oneOrMany(
  v.pipe(
    freezeEntry,
    // In whichever zone: both are read in the same.
    v.check(
      ({ from, to }) => beginOf(from, 'UTC') < endOf(to, 'UTC'),
      'ends before it begins: to has to lie after from',
    ),
    v.transform(({ from, to, reason }): WrittenFreeze => ({ from, to, reason: reason ?? null })),
  ),
  MOST_FREEZES,
);

/** The freezes that are written. */
export function freezesOf(written: readonly WrittenFreeze[] | undefined, zone: string): Freeze[] {
  return (written ?? []).map(({ from, to, reason }) => ({
    from: beginOf(from, zone),
    to: endOf(to, zone),
    reason,
  }));
}
