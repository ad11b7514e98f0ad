import type { Instant } from './release.js';

/** Why a machine is held back: the words of `status --json`. */
export const REASONS = [
  ...(['pinned', 'held', 'frozen', 'window', 'soak', 'wave', 'major', 'approval'] as const),
  ...(['quarantined', 'unverified', 'engine', 'dirty', 'offline', 'backoff', 'busy', 'stuck'] as const),
] as const;

export type Reason = (typeof REASONS)[number];

/** A gate's no: why, until when (null: until somebody acts), and a sentence for people. */
export interface Closed {
  readonly open: false;
  readonly reason: Reason;
  readonly until: Instant | null;
  readonly detail: string;
}

export type Verdict = { readonly open: true } | Closed;

/** A gate's yes. */
export const OPEN: Verdict = { open: true };

/** A gate's no. */
export function closed(reason: Reason, until: Instant | null, detail: string): Closed {
  return { open: false, reason, until, detail };
}
