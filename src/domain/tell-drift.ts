import {
  isOurs,
  mendableKinds,
  waitsAfter,
  WHOLE,
  type Drift,
  type DriftKind,
  type RepairTerms,
} from './drift.js';
import { describeRelease, sha7, type Instant, type Release } from './release.js';
import type { Active } from './upgrade.js';

/** Drift as `status` tells it. */
export interface DriftReport {
  readonly kind: DriftKind;
  readonly detail: string;
  /** `poll`: the next poll repairs it; `later`: not before `until`; `person`: somebody has to act. */
  readonly repair: 'poll' | 'later' | 'person';
  readonly until: Instant | null;
  /** What a person can do. */
  readonly mend: string;
}

/** Every drift for people. `allowed`: whether anything is repaired by itself at all. */
export function tellDrift(
  drifts: readonly Drift[],
  { active, allowed, ...terms }: RepairTerms & { readonly active: Active; readonly allowed: boolean },
): DriftReport[] {
  const next = allowed ? mendableKinds(drifts, terms) : [];
  return drifts.map((drift) => {
    const { kind } = drift;
    const waits = allowed && isOurs(drift, drifts, false) ? waitsAfter(terms.repairs, kind, terms.now) : null;
    const repair =
      waits !== null ? 'later' : next.includes(kind) && isOurs(drift, drifts, false) ? 'poll' : 'person';
    const came =
      waits === null
        ? ''
        : `; it came back after ${waits.times === 1 ? 'a repair' : `${waits.times} repairs`}`;
    return {
      kind,
      detail: describeDrift(drift, active.release) + came,
      repair,
      until: waits?.until ?? null,
      mend: mendOf(drift),
    };
  });
}

/** `current names releases/v1.0.0-1a2b3c4, not v1.1.0 (5d6e7f8)`: drift as it is written for people. */
export function describeDrift(drift: Drift, active: Release): string {
  const meant = describeRelease(active);
  switch (drift.kind) {
    case 'pointer':
      return `current ${drift.found}, not ${meant}`;
    case 'head':
      return `HEAD is at ${sha7(drift.found)}, not at ${meant}`;
    case 'process': {
      const runs = drift.commit === null ? 'another release' : sha7(drift.commit);
      return `${drift.name} ${drift.pmId} runs ${runs}, not ${meant}${drift.held ? '; pm2 holds it on a release folder' : ''}`;
    }
    case 'files':
      return drift.paths.includes(WHOLE)
        ? `the folder of ${meant} is gone or not whole`
        : `missing or empty in ${meant}: ${some(drift.paths)}`;
    case 'edits':
      return `edited in ${meant}: ${some(drift.paths)}`;
  }
}

const NAMED = 5;

function some(paths: readonly string[]): string {
  const rest = paths.length > NAMED ? `, and ${paths.length - NAMED} more` : '';
  return paths.slice(0, NAMED).join(', ') + rest;
}

function mendOf(drift: Drift): string {
  switch (drift.kind) {
    case 'pointer':
      return 'pm2-gitops apply puts it back; to change the release, pin it';
    case 'head':
      return 'check the active release out and restart, or pin the release that shall run';
    case 'process':
      return drift.held
        ? `pm2 delete ${drift.pmId}, then start it from current`
        : 'pm2-gitops apply restarts it';
    case 'files':
      return 'pm2-gitops apply stages the release anew';
    case 'edits':
      return drift.own
        ? 'tag a release with the change; pm2-gitops apply stages the release anew and keeps what was edited'
        : 'commit or discard the edits';
  }
}
