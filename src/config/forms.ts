import * as v from 'valibot';
import { CHANNEL_FORMS, parseChannel } from '../domain/channel.js';
import { DURATION_FORMS, parseDuration } from './duration.js';
import { nearestName, shown } from './issues.js';

// What the schemas of all files are made of: each form that people write, with what they are told where it is none.

/** An object whose unknown keys are refused, with the known key that was probably meant. */
export function section<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, v.ErrorMessage<v.StrictObjectIssue>> {
  return v.strictObject(entries, (issue) => explainSection(issue, Object.keys(entries)));
}

/** A time span: milliseconds out of `"2s"`, `"5m"` or a number. */
export function duration(): v.GenericSchema<string | number, number> {
  const explain = (issue: v.BaseIssue<unknown>): string =>
    `${shown(issue.input)} is no duration; write ${DURATION_FORMS}`;
  return v.pipe(
    v.union([v.string(), v.number()], explain),
    v.transform((span) => (typeof span === 'number' ? span : (parseDuration(span) ?? span))),
    v.number(explain),
    v.finite(explain),
    v.minValue(0, explain),
  );
}

/** A text that says something. */
export const text = v.pipe(v.string(), v.trim(), v.nonEmpty('must not be empty'));

/** A time span that people write with its unit, so that nobody takes hours for milliseconds: milliseconds out of `"48h"`. */
export function span({ from, to }: { from: number; to: number }): v.GenericSchema<string, number> {
  return v.pipe(
    v.string(
      ({ input }) => `${shown(input)} is no span; write it with its unit, as "90s", "5m", "48h" or "2d"`,
    ),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const ms = parseDuration(value.trim());
      if (ms !== null && ms >= from && ms <= to) return ms;
      const limits = `at least ${writtenSpan(from)}, at most ${writtenSpan(to)}`;
      addIssue({
        message:
          ms === null
            ? `${shown(value)} is no span; write "90s", "5m", "48h" or "2d"`
            : `${shown(value)} is out of bounds; ${limits}`,
      });
      return NEVER;
    }),
  );
}

/** One thing, or a list of such; a list for whoever reads it. */
export function oneOrMany<Out>(
  item: v.GenericSchema<unknown, Out>,
  most: number,
): v.LazySchema<v.GenericSchema<unknown, Out[]>> {
  const one = v.pipe(
    item,
    v.transform((value) => [value]),
  );
  const many = v.pipe(
    v.array(item),
    v.minLength(1, 'is an empty list; leave the key out'),
    // Every look of every machine goes through all of them.
    v.maxLength(most, (issue) => `${issue.input.length} are too many; at most ${most}`),
  );
  return v.lazy((written) => (Array.isArray(written) ? many : one));
}

/** A shell command. */
export const command = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('the command is empty; leave the key out or write null'),
);

/** A channel by its form. */
export const channelForm = v.pipe(
  text,
  v.check(
    (written) => parseChannel(written) !== null,
    ({ input }) => `${shown(input)} is no channel; write ${CHANNEL_FORMS}`,
  ),
);

/** The name of a zone. */
export const timezone = v.pipe(
  text,
  v.check(isTimezone, ({ input }) => `${shown(input)} is no IANA time zone, such as Europe/Berlin`),
);

/** The longest that a machine may be told to wait: a year. */
export const LONGEST_WAIT_MS = 366 * 86_400_000;

/** `soak`. */
export const soak = span({ from: 0, to: LONGEST_WAIT_MS });

/** `major`. */
export const major = v.picklist(['auto', 'manual'], 'must be "auto" or "manual"');

/** `approval`. */
export const approval = v.picklist(['none', 'required'], 'must be "none" or "required"');

/** Whether the platform knows a zone of that name. */
export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false; // RangeError: the platform's word for an unknown zone
  }
}

function explainSection(issue: v.StrictObjectIssue, known: readonly string[]): string {
  if (issue.expected === 'Object')
    return `${shown(issue.input)} is not an object with keys ${known.join(', ')}`;
  if (issue.expected !== 'never') return `this key is missing`;
  const meant = nearestName(String(issue.input), known);
  return meant === null
    ? `unknown key; known are ${known.join(', ')}`
    : `unknown key; did you mean ${meant}?`;
}

function writtenSpan(ms: number): string {
  const [size, unit] =
    ms % 86_400_000 === 0 ? [86_400_000, 'd'] : ms % 1_000 === 0 ? [1_000, 's'] : [1, 'ms'];
  return ms === 0 ? '0s' : `${ms / size}${unit}`;
}
