import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import type { Policy } from '../domain/policy.js';
import type { Instant } from '../domain/release.js';
import { readCrons } from './cron.js';
import { findMistakes, sayAt, type Finding } from './issues.js';
import { readLocated, type Located, type Place } from './located.js';
import { fleetFile } from './policy-file.js';
import { findingsOf } from './policy-findings.js';
import { policyFrom } from './policy-from.js';
import { readLoosely, type LoosePolicy } from './policy-loose.js';
import { timeFindings } from './policy-times.js';

/** Something wrong or odd in a policy's file. */
export interface PolicyMistake extends Place {
  readonly level: 'error' | 'warning';
  /** With the key before it. */
  readonly message: string;
}

/** What became of a policy's text. */
export interface PolicyCheck {
  /** Null where it has an error. */
  readonly policy: Policy | null;
  /** By where they stand. */
  readonly mistakes: readonly PolicyMistake[];
}

/** Where a policy's text comes from, and the zone of its times of day where it names none. */
export interface PolicyOrigin {
  readonly origin: string;
  /** An IANA name. */
  readonly zone: string;
}

/** The text of `fleet.json` → `Policy`. Throws `CONFIG_INVALID` that names every error with its line and column; warnings are for `policy check`. */
export async function parsePolicy(text: string, { origin, zone }: PolicyOrigin): Promise<Policy> {
  const { policy, mistakes } = await readPolicy(text, zone, () => []);
  if (policy !== null) return policy;
  const lines = mistakes
    .filter(({ level }) => level === 'error')
    .map(({ line, column, message }) => `${origin}:${line}:${column}: ${message}`);
  throw new GitOpsError('CONFIG_INVALID', lines.join('\n'), {
    hint: `correct ${origin}; pm2-gitops policy check tells the same before it is published`,
  });
}

/** Everything that can be said of a policy before it is published at `now`. */
export async function checkPolicy(
  text: string,
  { zone, now }: { zone: string; now: Instant },
): Promise<PolicyCheck> {
  return readPolicy(text, zone, (loose) => timeFindings(loose, now));
}

/** The version that a text names, and where, whatever else is wrong with it; null: none. */
export function versionIn(text: string): { readonly version: number; readonly place: Place } | null {
  const { value, placeOf } = readLocated(text);
  const version = readLoosely(value)?.version;
  return typeof version === 'number' ? { version, place: placeOf(['version'], 'value') } : null;
}

async function readPolicy(
  text: string,
  zone: string,
  more: (loose: LoosePolicy) => Finding[],
): Promise<PolicyCheck> {
  const located = readLocated(text);
  const file = v.safeParse(fleetFile, located.value);
  const loose = readLoosely(located.value);
  const crons = await readCrons(located.value);
  const wrong = Array.isArray(located.value)
    ? [{ path: [], text: 'must be an object in braces', part: 'value' as const }]
    : findMistakes(file.issues ?? []);
  const findings: Finding[] = [
    ...wrong.map((mistake) => ({ ...mistake, level: 'error' as const })),
    ...(loose === null ? [] : [...findingsOf(loose, crons), ...more(loose)]),
  ];
  const mistakes = [
    // What follows from a text that is no JSON would only hide its cause.
    ...located.mistakes.map(({ text: message, ...place }) => ({
      ...place,
      level: 'error' as const,
      message,
    })),
    ...(located.broken ? [] : findings.map((each) => placed(each, located))),
  ].sort((a, b) => a.line - b.line || a.column - b.column);
  const valid = file.success && mistakes.every(({ level }) => level === 'warning');
  return { policy: valid ? policyFrom(file.output, { zone, crons }) : null, mistakes };
}

function placed({ path, part, level, text }: Finding, { placeOf }: Located): PolicyMistake {
  return { ...placeOf(path, part), level, message: sayAt(path, text) };
}
