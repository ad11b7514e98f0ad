import type { CheckId } from './doctor/catalogue.js';

/** One check of `doctor`: what was looked at, how it stands, what mends it, and what `--fix` would do about it. */
export interface Check {
  readonly id: CheckId;
  /** `skipped`: it could not be looked at, or it is about something that is not here. */
  readonly level: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly detail: string;
  /** Also beside `ok`: what would be better still. */
  readonly mend: string | null;
  readonly fix: Fix | null;
}

/** A repair that `doctor --fix` makes: of what is ours, or of what the agent would do by itself. Each can be made twice. */
export type Fix =
  /** Takes the rights of others from something of ours. */
  | { readonly do: 'close'; readonly paths: readonly string[] }
  /** Removes leftovers of ours. */
  | { readonly do: 'remove'; readonly paths: readonly string[] }
  /** Has pm2 save its list. */
  | { readonly do: 'save' }
  /** Keeps what is ours out of the checkout's status. */
  | { readonly do: 'exclude' }
  /** Removes the locks of a git that was killed. */
  | { readonly do: 'unlock' };

/** A check that passed. */
export function ok(id: CheckId, detail: string): Check {
  return { id, level: 'ok', detail, mend: null, fix: null };
}

/** A check that passed, and what would be better still. */
export function hint(id: CheckId, detail: string, mend: string): Check {
  return { id, level: 'ok', detail, mend, fix: null };
}

/** Something that works today and will hurt one day. */
export function warning(id: CheckId, detail: string, mend: string): Check {
  return { id, level: 'warning', detail, mend, fix: null };
}

/** Something that keeps upgrades from working. */
export function problem(id: CheckId, detail: string, mend: string): Check {
  return { id, level: 'problem', detail, mend, fix: null };
}

/** Something that could not be looked at, or is not here. */
export function skipped(id: CheckId, detail: string): Check {
  return { id, level: 'skipped', detail, mend: null, fix: null };
}

/** The same check, with what `--fix` would do about it. */
export function fixable(check: Check, fix: Fix): Check {
  return { ...check, fix };
}

/** The findings of a check, or that there are none. */
export function orOk(found: readonly Check[], id: CheckId, detail: string): Check[] {
  return found.length === 0 ? [ok(id, detail)] : [...found];
}
