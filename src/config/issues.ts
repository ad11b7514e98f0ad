import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import { redactUrls } from '../domain/redact.js';
import { DURATION_FORMS, parseDuration } from './duration.js';
import type { Path } from './located.js';

const MAX_VALUE_CHARS = 80;

/** All mistakes of one file as a `CONFIG_INVALID` that names each key, its value and the mend. `origin` is the file. */
export function explainIssues(issues: readonly v.BaseIssue<unknown>[], origin: string): GitOpsError {
  const lines = findMistakes(issues).map(({ path, text }) => sayAt(path, text));
  const message =
    lines.length === 1
      ? `${origin}: ${lines.join('')}`
      : `${origin}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return new GitOpsError('CONFIG_INVALID', message, {
    hint: `correct ${lines.length === 1 ? 'this key' : 'these keys'} in ${origin}`,
  });
}

/** What is wrong, and the keys that lead there. */
export interface Mistake {
  readonly path: Path;
  readonly text: string;
  /** It is the key that is wrong, or its value. */
  readonly part: 'key' | 'value';
}

/** Every mistake, each with the keys that lead there. */
export function findMistakes(issues: readonly v.BaseIssue<unknown>[]): Mistake[] {
  return issues.flatMap(deepest).map(({ issue, path }) => ({
    path,
    text: textOf(issue),
    part: issue.type === 'strict_object' && issue.expected === 'never' ? 'key' : 'value',
  }));
}

/** A mistake with its key before it: `groups[0].soak: …`. */
export function sayAt(path: Path, text: string): string {
  const keys = path.reduce<string>(
    (before, key) => (typeof key === 'number' ? `${before}[${key}]` : `${before}.${key}`),
    '',
  );
  return keys === '' ? text : `${keys.replace(/^\./, '')}: ${text}`;
}

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
): v.LazySchema<v.GenericSchema<unknown, Out[]>> {
  const one = v.pipe(
    item,
    v.transform((value) => [value]),
  );
  const many = v.pipe(v.array(item), v.minLength(1, 'is an empty list; leave the key out'));
  return v.lazy((written) => (Array.isArray(written) ? many : one));
}

/** A shell command. */
export const command = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('the command is empty; leave the key out or write null'),
);

/** The known name within two edits of a mistyped one, or null. */
export function nearestName(typed: string, known: readonly string[]): string | null {
  const [best] = known
    .map((name) => ({ name, distance: editDistance(typed.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.min(2, Math.floor(typed.length / 2)) ? best.name : null;
}

/** The text of an issue alone. */
function textOf(issue: v.BaseIssue<unknown>): string {
  // Valibot's own messages begin with `Invalid`; a schema's own message is already a sentence.
  return issue.message.startsWith('Invalid ')
    ? `${shown(issue.input)} is not allowed; expected ${expectation(issue)}`
    : issue.message;
}

/** Of forms of which none fits, those mistakes that lie deepest: what was written is nearest to that form. */
function deepest(issue: v.BaseIssue<unknown>): { issue: v.BaseIssue<unknown>; path: Path }[] {
  const own = keysTo(issue);
  const inner = (issue.type === 'union' ? (issue.issues ?? []) : []).flatMap(deepest);
  const within = inner.filter(({ path }) => path.length > 0);
  if (within.length === 0) return [{ issue, path: own }];
  return within.map((one) => ({ issue: one.issue, path: [...own, ...one.path] }));
}

function keysTo({ path }: v.BaseIssue<unknown>): Path {
  return (path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
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

function expectation({ expected }: v.BaseIssue<unknown>): string {
  return (expected ?? 'another value').replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ' or ');
}

/** A value as a message names it. */
export function shown(value: unknown): string {
  const text = redactUrls(written(value));
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text;
}

function writtenSpan(ms: number): string {
  const [size, unit] =
    ms % 86_400_000 === 0 ? [86_400_000, 'd'] : ms % 1_000 === 0 ? [1_000, 's'] : [1, 'ms'];
  return ms === 0 ? '0s' : `${ms / size}${unit}`;
}

function written(value: unknown): string {
  if (typeof value === 'object' || typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `(${typeof value})`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
