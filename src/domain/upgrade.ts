import type { DriftKind, Repair } from './drift.js';
import type { Reason } from './verdict.js';
import type { Incarnation } from './process.js';
import { sameRelease, type Commit, type Instant, type Release } from './release.js';

/**
 * The upgrade machine: one table of phase × event.
 *
 *              desired            staged             opened
 *     idle ──────────▶ staging ──────────▶ staged ──────────▶ activating ──┐
 *      ▲ ▲               │ failed             │ superseded        │ activated
 *      │ └───────────────┘◀───────────────────┘                   ▼        │ failed
 *      │                 healthy · kept                        proving     │
 *      ├──────────────────────────────────────────────────────────┤        │
 *      │ rolledBack                                               │ unhealthy · failed
 *      └────────────── rollingBack ◀──────────────────────────────┴────────┘
 *                            │ failed
 *                            ▼
 *                          stuck      (only an operator leads out: retried, desired)
 *
 *     idle ── drifted ──▶ repairing ── mended ──▶ repairing ── healthy · unhealthy · failed ──▶ idle
 *
 * Each phase owns one piece of work (`agent/perform.ts`). The phase is journaled before its work starts, and every work can be done twice.
 */
export interface Upgrade {
  readonly phase: Phase;
  /** Proven and serving. Changes only by `healthy` and `adopted`. */
  readonly active: Active | null;
  /** The proven release before it: where a rollback goes. */
  readonly previous: Release | null;
  /** The highest version that was ever active here: lower is a downgrade. */
  readonly highest: Release | null;
  readonly quarantine: readonly Quarantined[];
  /** Set while transient failures make us wait. */
  readonly backoff: Backoff | null;
  /** Which commit the root named since when, oldest first: tells what a process that started then runs. */
  readonly trail: readonly Step[];
  /** What was repaired of the active release lately: keeps a drift that comes back from being repaired at each poll. */
  readonly repairs: readonly Repair[];
  /** The id of the newest run that began. */
  readonly begun: string | null;
}

/** A release that is proven, and since when. */
export interface Active {
  readonly release: Release;
  readonly since: Instant;
  /** Names of the pm2 apps that it calls its own; null: by folder. */
  readonly apps: readonly string[] | null;
}

/** A release that failed here. */
export interface Quarantined {
  readonly release: Release;
  readonly cause: string;
  readonly since: Instant;
}

/** Failures in a row that were not the release's fault, and when the next try may begin. */
export interface Backoff {
  readonly commit: Commit;
  readonly failures: number;
  readonly until: Instant;
  readonly reason: Reason;
  readonly cause: string;
}

/** From `at` on, the root named `commit`. */
export interface Step {
  readonly commit: Commit;
  readonly at: Instant;
}

/** A release on its way, in one run. `starts` counts how often its present work was begun. */
export interface Candidate {
  readonly release: Release;
  readonly run: string;
  readonly starts: number;
}

export type Phase =
  | { readonly at: 'idle' }
  | ({ readonly at: 'staging' } & Candidate)
  | ({ readonly at: 'staged' } & Candidate)
  /** `old`: what lived before the root was switched. */
  | ({ readonly at: 'activating'; readonly old: readonly Incarnation[] } & Candidate)
  /** `old`: what lived when the root was switched; each must be replaced. */
  | ({ readonly at: 'proving'; readonly old: readonly Incarnation[] } & Candidate)
  /** `bad`: what lived when the root was switched back and is not of the old release; null until then. */
  | ({
      readonly at: 'rollingBack';
      readonly cause: string;
      readonly old: readonly Incarnation[];
      readonly bad: readonly Incarnation[] | null;
    } & Candidate)
  /** `release` is the active one. `old`: what has to change over once the root is as it should be; null until then. */
  | ({
      readonly at: 'repairing';
      readonly kinds: readonly DriftKind[];
      /** What was found. */
      readonly cause: string;
      readonly old: readonly Incarnation[] | null;
    } & Candidate)
  | { readonly at: 'stuck'; readonly release: Release; readonly run: string; readonly cause: string };

/** Whose fault a failure is: the release's (quarantine), the surroundings' (back off), or a no of the machine's rules (wait). */
export type Fault = 'release' | 'surroundings' | 'blocked';

export type Event =
  | {
      readonly type: 'adopted';
      readonly release: Release;
      readonly apps: readonly string[] | null;
      readonly trail: readonly Step[];
      readonly at: Instant;
    }
  | { readonly type: 'desired'; readonly release: Release; readonly run: string }
  | { readonly type: 'staged' }
  | { readonly type: 'superseded' }
  | { readonly type: 'opened'; readonly old: readonly Incarnation[] }
  | { readonly type: 'activated'; readonly old: readonly Incarnation[]; readonly at: Instant }
  | {
      readonly type: 'healthy';
      readonly apps: readonly string[] | null;
      readonly ranks: boolean;
      readonly at: Instant;
    }
  /** Unhealthy, and `rollback: never` keeps it where it is. */
  | { readonly type: 'kept'; readonly cause: string; readonly at: Instant }
  | { readonly type: 'unhealthy'; readonly cause: string; readonly at: Instant }
  | {
      readonly type: 'failed';
      readonly release: Release;
      readonly fault: Fault;
      readonly reason: Reason;
      readonly cause: string;
      readonly at: Instant;
      readonly until: Instant;
    }
  | { readonly type: 'switchedBack'; readonly bad: readonly Incarnation[]; readonly at: Instant }
  | { readonly type: 'rolledBack' }
  /** What is active is not as it was left. */
  | {
      readonly type: 'drifted';
      readonly run: string;
      readonly kinds: readonly DriftKind[];
      readonly cause: string;
      readonly at: Instant;
    }
  /** Root and files are as they should be again. `steps`: what the root named meanwhile, and names now. */
  | { readonly type: 'mended'; readonly old: readonly Incarnation[]; readonly steps: readonly Step[] }
  /** A worker found the phase unfinished and begins its work again. */
  | { readonly type: 'resumed'; readonly at: Instant }
  /** An operator lets a release (or all of them: null) be tried again; out of `stuck` it is the way back that is tried again. */
  | { readonly type: 'retried'; readonly commit: Commit | null };

/** How often a candidate's work is begun before it is given up. */
export const MAX_STARTS = 3;

/** An upgrade of a root where nothing has happened yet. */
export const FRESH: Upgrade = {
  phase: { at: 'idle' },
  active: null,
  previous: null,
  highest: null,
  quarantine: [],
  backoff: null,
  trail: [],
  repairs: [],
  begun: null,
};

/** Whether a release failed here and nobody has said `retry`. */
export function quarantined(upgrade: Upgrade, release: Release): Quarantined | null {
  return upgrade.quarantine.find((entry) => sameRelease(entry.release, release)) ?? null;
}

/**
 * The commit that the root named at a moment; null before anything is known, and where nobody can tell: a newest step that lies after `now`
 * says that the clock was set back since, and a moment before it may have come before or after.
 */
export function commitAt(trail: readonly Step[], at: Instant, now = Number.POSITIVE_INFINITY): Commit | null {
  const newest = trail.at(-1)?.at ?? at;
  if (newest > now && at < newest) return null;
  return trail.findLast((step) => step.at <= at)?.commit ?? null;
}
