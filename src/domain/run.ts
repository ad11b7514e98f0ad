import type { Instant, Release } from './release.js';
import type { Phase, Upgrade } from './upgrade.js';

/** How a run ended: the words of `status --json`. */
export const OUTCOMES = ['activated', 'rolledBack', 'failed', 'blocked'] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** One attempt to move from active to desired. */
export interface Run {
  readonly id: string;
  /** What began it: schedule, apply, rollback, retry. */
  readonly cause: string;
  readonly from: Release | null;
  readonly to: Release;
  readonly startedAt: Instant;
  /** Null while it goes on, or where its worker died. */
  readonly endedAt: Instant | null;
  readonly outcome: Outcome | null;
  /** What went wrong, or null. */
  readonly problem: string | null;
}

/** A run's id: when it began, to the millisecond, and a suffix against collisions. It sorts by time and is safe as a folder name. */
export function runId(now: Instant, suffix: string): string {
  return `${new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').replace('Z', '')}-${suffix}`;
}

/** When a run began, as its id tells; null for an id that is none of ours. */
export function startOf(id: string): Instant | null {
  const [, date, hour, minute, second, ms] = /^(\d{8})-(\d\d)(\d\d)(\d\d)-(\d{3})-/.exec(id) ?? [];
  if (date === undefined) return null;
  const day = date.replace(/(....)(..)(..)/, '$1-$2-$3');
  return Date.parse(`${day}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}.${ms ?? ''}Z`);
}

/** What a journal told last. */
interface LastWord {
  readonly at: Instant;
  readonly upgrade: Upgrade;
}

/**
 * Whether a journal's last word may be its last, by the newest run on record. A run's end is recorded just before the journal tells it;
 * an end that cannot have followed the last word says that the journal lost what came between.
 */
export function isAfter({ at, upgrade: { phase } }: LastWord, run: Run): boolean {
  if (run.outcome === null) return true;
  const isUnderWay = phase.at !== 'idle' && phase.run === run.id;
  return isUnderWay ? canEnd(phase, run.outcome) : run.startedAt <= at;
}

function canEnd({ at }: Phase, outcome: Run['outcome']): boolean {
  if (outcome === 'activated') return at === 'proving' || at === 'repairing';
  return outcome !== 'rolledBack' || at === 'rollingBack';
}
