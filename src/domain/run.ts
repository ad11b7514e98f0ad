import type { Instant, Release } from './release.js';
import type { Phase, Upgrade } from './upgrade.js';
import type { Reason } from './verdict.js';

/** How a run ended: the words of `status --json`. */
export const OUTCOMES = ['activated', 'rolledBack', 'failed', 'blocked'] as const;

/** What a run may go through: the phases of an upgrade, but idle. */
export const RUN_PHASES = [
  ...(['staging', 'staged', 'activating', 'proving', 'rollingBack', 'repairing', 'stuck'] as const),
] as const satisfies readonly Phase['at'][];

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
  /** What kind of trouble that was, in the words of `status`; null: none, none of these, or another release took its place. */
  readonly reason: Reason | null;
  /** What it went through, oldest first; empty in records of before they were kept. */
  readonly phases: readonly RunPhase[];
}

/** A phase of a run, and when it began. */
export interface RunPhase {
  readonly at: (typeof RUN_PHASES)[number];
  readonly since: Instant;
}

/** The phases of a run by the lines of a journal, oldest first. What was cut off and begun anew is one. */
export function phasesOf(
  lines: readonly { readonly at: Instant; readonly upgrade: Pick<Upgrade, 'phase'> }[],
  run: string,
): RunPhase[] {
  const phases: RunPhase[] = [];
  for (const { at: since, upgrade } of lines) {
    const { phase } = upgrade;
    if (phase.at !== 'idle' && phase.run === run && phases.at(-1)?.at !== phase.at)
      phases.push({ at: phase.at, since });
  }
  return phases;
}

/**
 * A run's id: when it began, to the millisecond, and a suffix against collisions. It is safe as a folder name, and later runs sort
 * after `before`, the newest one, also where the clock was set back.
 */
export function runId(now: Instant, suffix: string, before: string | null = null): string {
  const at = Math.max(now, (startOf(before ?? '') ?? 0) + 1);
  return `${new Date(at).toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').replace('Z', '')}-${suffix}`;
}

/** When a run began, as its id tells; null for an id that is none of ours. */
export function startOf(id: string): Instant | null {
  const [, date, hour, minute, second, ms] = /^(\d{8})-(\d\d)(\d\d)(\d\d)-(\d{3})-/.exec(id) ?? [];
  if (date === undefined) return null;
  const day = date.replace(/(....)(..)(..)/, '$1-$2-$3');
  return Date.parse(`${day}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}.${ms ?? ''}Z`);
}

/**
 * Whether a journal that tells this last may be whole, by the newest run on record. A run's beginning is journaled before it is recorded,
 * and its end is recorded just before it is journaled; an end that cannot have followed says that the journal lost what came between.
 */
export function mayBeWhole({ phase, begun }: Pick<Upgrade, 'phase' | 'begun'>, newest: Run): boolean {
  if (newest.outcome === null || (begun !== null && newest.id < begun)) return true;
  if (newest.id !== begun) return false;
  return phase.at === 'idle' || phase.run !== newest.id || canEnd(phase, newest.outcome);
}

function canEnd({ at }: Phase, outcome: Outcome): boolean {
  if (outcome === 'activated') return at === 'proving' || at === 'repairing';
  return outcome !== 'rolledBack' || at === 'rollingBack';
}
