import type { Commit, Instant } from './release.js';

/** Something that is not as the agent left it. */
export type Drift =
  /** `current` names something else than the active release. `found`: what, for people. */
  | { readonly kind: 'pointer'; readonly found: string }
  /** The HEAD of an adopted checkout names another commit. */
  | { readonly kind: 'head'; readonly found: Commit }
  /** A process runs another release. `held`: pm2 starts it from one release folder for ever. */
  | {
      readonly kind: 'process';
      readonly pmId: number;
      readonly name: string;
      /** Null: another one than the active, nobody can tell which. */
      readonly commit: Commit | null;
      readonly held: boolean;
    }
  /** Files of the active release are gone or empty. */
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  /** Files of the active release hold something else. `own`: in a folder that is ours; else they are a person's. */
  | { readonly kind: 'edits'; readonly paths: readonly string[]; readonly own: boolean };

/** The path that stands for a whole release folder. */
export const WHOLE = '.';

export const DRIFT_KINDS = ['pointer', 'head', 'process', 'files', 'edits'] as const;

export type DriftKind = (typeof DRIFT_KINDS)[number];

/** Repairs of one kind of drift in a row. */
export interface Repair {
  readonly kind: DriftKind;
  readonly times: number;
  readonly at: Instant;
  /** The next one may not begin before. */
  readonly until: Instant;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// Whoever moves something again after a repair means it, and an app that damages its own files at each start does not stop by being restarted.
const WAITS_MS = [HOUR_MS, DAY_MS, 7 * DAY_MS];
const FORGOTTEN_MS = 14 * DAY_MS;

/** The repairs with one more of these kinds. */
export function repairedAgain(
  repairs: readonly Repair[],
  kinds: readonly DriftKind[],
  at: Instant,
): Repair[] {
  const others = repairs.filter(({ kind }) => !kinds.includes(kind));
  const again = kinds.map((kind) => {
    const last = repairs.find((repair) => repair.kind === kind);
    const times = last === undefined || last.at + FORGOTTEN_MS < at ? 1 : last.times + 1;
    const waitMs = WAITS_MS[Math.min(times, WAITS_MS.length) - 1] ?? HOUR_MS;
    return { kind, times, at, until: at + waitMs };
  });
  return [...others, ...again];
}

/** The repair after which this kind has to wait, or null. One from the future was written before the clock was set back. */
export function waitsAfter(repairs: readonly Repair[], kind: DriftKind, now: Instant): Repair | null {
  return repairs.find((repair) => repair.kind === kind && repair.at <= now && repair.until > now) ?? null;
}

/** Under which terms drift is repaired. */
export interface RepairTerms {
  readonly repairs: readonly Repair[];
  /** A person asked, now: then nothing waits, and what somebody wrote into a release folder makes way (it is kept). */
  readonly asked: boolean;
  readonly now: Instant;
}

/** The kinds of drift that may be repaired now. */
export function mendableKinds(drifts: readonly Drift[], { repairs, asked, now }: RepairTerms): DriftKind[] {
  const kinds = drifts.filter((drift) => isOurs(drift, drifts, asked)).map(({ kind }) => kind);
  return [...new Set(kinds)].filter((kind) => asked || waitsAfter(repairs, kind, now) === null);
}

/** Whether the agent may repair it at all. */
export function isOurs(drift: Drift, all: readonly Drift[], asked: boolean): boolean {
  switch (drift.kind) {
    case 'pointer':
      return true;
    case 'head':
      return false;
    case 'process':
      // Restarted, it would run what the root names.
      return !drift.held && !all.some(({ kind }) => kind === 'head');
    case 'files':
      return asked || !all.some(({ kind }) => kind === 'edits');
    case 'edits':
      return asked && drift.own;
  }
}
