import * as v from 'valibot';
import type { Window, Windows } from '../domain/window.js';
import type { Crons } from './cron.js';
import { oneOrMany, section, span, text } from './forms.js';
import { shown } from './issues.js';

const MOST_WINDOWS = 24;

/** A window as it is written: its cron is not read yet. */
export interface WrittenWindow {
  readonly deny: boolean;
  readonly rule:
    | Extract<Window, { kind: 'days' }>
    | { readonly kind: 'cron'; readonly expression: string; readonly forMs: number };
}

/** What a window cannot say by itself. */
export interface WindowPlace {
  readonly zone: string;
  readonly crons: Crons;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const DAY_MINUTES = 1_440;
const [SHORTEST_MS, LONGEST_MS] = [10_000, 7 * 86_400_000];

const days = v.pipe(
  v.union([text, v.array(text)], 'must be days as text, such as "mon-fri" or "sat", or a list of such texts'),
  v.transform((written) => (typeof written === 'string' ? [written] : written)),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const parsed = value.flatMap((part) => part.split(/[\s,]+/)).map((part) => daysOf(part) ?? part);
    const wrong = parsed.filter((part) => typeof part === 'string');
    for (const part of wrong)
      addIssue({ message: `"${part}" is no day; write "mon", "mon-fri" or "sat,sun"` });
    return wrong.length > 0 ? NEVER : [...new Set(parsed.flatMap((part) => [part].flat()))].map(Number);
  }),
);

const time = v.pipe(
  text,
  v.regex(/^([01]?\d|2[0-3]):[0-5]\d$|^24:00$/, ({ input }) => `"${input}" is no time; write "22:00"`),
  v.transform((written) => {
    const [hours, minutes] = written.split(':').map(Number);
    return (hours ?? 0) * 60 + (minutes ?? 0);
  }),
);

/** One window, as the schema of a file tells it. */
export const windowEntry = section({
  days: v.optional(days),
  from: v.optional(time),
  to: v.optional(time),
  cron: v.optional(text),
  for: v.optional(span({ from: SHORTEST_MS, to: LONGEST_MS })),
  deny: v.optional(v.boolean(), false),
});

/** `window`: when a machine may change, or with `deny` when not. One, or a list. */
export const windowList = oneOrMany(
  v.pipe(
    windowEntry,
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): WrittenWindow => {
      const rule = ruleOf(value);
      if (typeof rule !== 'string') return { deny: value.deny, rule };
      addIssue({ message: rule });
      return NEVER;
    }),
  ),
  MOST_WINDOWS,
);

/** The windows that are written; null: none are. */
export function windowsOf(
  written: readonly WrittenWindow[] | undefined,
  { zone, crons }: WindowPlace,
): Windows | null {
  if (written === undefined) return null;
  const of = (wanted: boolean): Window[] =>
    written.flatMap(({ deny, rule }) => (deny === wanted ? windowOf(rule, crons) : []));
  return { zone, allow: of(false), deny: of(true) };
}

/** What is wrong with the crons of windows, as sentences. */
export function cronProblems(
  written: readonly WrittenWindow[] | undefined,
  { crons }: Pick<WindowPlace, 'crons'>,
): string[] {
  return (written ?? []).flatMap(({ rule }) => {
    if (rule.kind === 'days') return [];
    const read = crons.get(rule.expression) ?? `${shown(rule.expression)} was not read`;
    return typeof read === 'string' ? [read] : [];
  });
}

function windowOf(rule: WrittenWindow['rule'], crons: Crons): Window[] {
  if (rule.kind === 'days') return [rule];
  const cron = crons.get(rule.expression);
  return cron === undefined || typeof cron === 'string' ? [] : [{ kind: 'cron', cron, forMs: rule.forMs }];
}

/** The days of `mon`, `Monday`, `fri-mon`; null: it is none. */
function daysOf(written: string): number[] | null {
  const [first, last, ...rest] = written.split('-').map(weekdayOf);
  if (first === undefined || first < 0 || rest.length > 0) return null;
  if (last === undefined) return [first];
  return last < 0 ? null : EVERY_DAY.slice(0, ((last - first + 7) % 7) + 1).map((more) => (first + more) % 7);
}

function weekdayOf(name: string): number {
  const low = name.toLowerCase();
  return WEEKDAYS.findIndex((day) => low === day || low === day.slice(0, 3));
}

/** The rule, or what is wrong with it. */
function ruleOf(value: v.InferOutput<typeof windowEntry>): WrittenWindow['rule'] | string {
  const { days: wanted, from, to, cron, for: forMs } = value;
  const byDay = wanted !== undefined || from !== undefined || to !== undefined;
  if (cron !== undefined)
    return byDay
      ? 'has cron, so days, from and to are too much; write two windows'
      : forMs === undefined
        ? 'says by cron when it opens, but not for how long; write "for": "3h"'
        : { kind: 'cron', expression: cron, forMs };
  if (forMs !== undefined) return 'has for, which belongs to cron; write to, or a cron';
  if (!byDay) return 'names no time; write days, from and to, or cron and for';
  if ((from === undefined) !== (to === undefined)) return 'needs both from and to, or neither: the whole day';
  if (from === DAY_MINUTES) return 'begins at "24:00"; write "00:00" of the next day';
  return { kind: 'days', days: wanted ?? EVERY_DAY, from: from ?? 0, to: to ?? DAY_MINUTES };
}
