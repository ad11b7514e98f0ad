import { iso } from './json.js';
import type { Instant } from './release.js';

/** What tells whether anybody polls a root. */
export interface HealthFacts {
  readonly root: string;
  /** The first turn after the last one that was taken. */
  readonly due: Instant;
  readonly now: Instant;
}

/** Of the agent itself: a source that does not answer, and a release that failed, are no illness of it. */
export type Health =
  | { readonly ok: true; readonly root: string }
  | { readonly ok: false; readonly root: string; readonly problem: string };

// A look may take two minutes, and on a busy machine a poller wakes up late.
const PATIENCE_MS = 300_000;

/** Whether turns are taken when they are due. */
export function healthOf({ root, due, now }: HealthFacts): Health {
  if (now - due <= PATIENCE_MS) return { ok: true, root };
  return { ok: false, root, problem: `nobody has taken the turn of ${iso(due) ?? ''}` };
}
