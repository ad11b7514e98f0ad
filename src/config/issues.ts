import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import { redactUrls } from '../domain/redact.js';
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

/** A mistake about a policy, or a doubt, that its shape does not tell. */
export interface Finding extends Mistake {
  /** A warning does not keep the policy from being followed. */
  readonly level: 'error' | 'warning';
}

/** A finding about the value that some keys lead to. */
export function finding(level: Finding['level'], path: Path, text: string): Finding {
  return { level, path, text, part: 'value' };
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

function expectation({ expected }: v.BaseIssue<unknown>): string {
  return (expected ?? 'another value').replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ' or ');
}

/** A value as a message names it. */
export function shown(value: unknown): string {
  const text = redactUrls(written(value));
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text;
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
