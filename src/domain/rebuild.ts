import { ranksAtLeast } from './channel.js';
import { sameRelease, type Instant, type Release } from './release.js';
import type { Run } from './run.js';
import { FRESH, quarantined, type Candidate, type Phase, type Upgrade } from './upgrade.js';

/** What tells of a root's past beside its journal. */
export interface Traces {
  /** The complete release that the root names; null where it names none, or none that is known. */
  readonly pointed: Release | null;
  /** Whether a root that names nothing known is to be adopted again, as it stands. */
  readonly adopts: boolean;
  /** Runs on record, oldest first. */
  readonly runs: readonly Run[];
  /** For a run that has to be gone on with and is not on record. */
  readonly run: string;
  readonly tagPrefix: string;
  readonly now: Instant;
}

const LOST = 'the journal was lost';

/**
 * The upgrade of a root whose journal is lost, as its traces tell it. What a run proved is proven, what it took back is in
 * quarantine; where the root names another release than the newest proven one, that change is gone on with: it is proven, or taken back.
 */
export function rebuild(traces: Traces): Upgrade {
  const { pointed, now, runs } = traces;
  const told = retellAll(traces);
  const { active, quarantine } = told;
  if (pointed === null && traces.adopts)
    return runs.length === 0 ? FRESH : { ...FRESH, quarantine, begun: told.begun };
  if (active === null) return pointed === null ? told : { ...told, ...trusted(pointed, now) };
  if (sameRelease(pointed, active.release)) return told;
  const phase = underWay(told, active.release, traces);
  return { ...told, phase, begun: phase.run };
}

/** Nothing tells that it was ever proven: as with an adopted checkout, what serves is what there is to go by. */
function trusted(release: Release, now: Instant): Pick<Upgrade, 'active' | 'highest' | 'trail'> {
  return {
    active: { release, since: now, apps: null },
    highest: release,
    trail: [{ commit: release.commit, at: 0 }],
  };
}

function retellAll({ runs, tagPrefix }: Traces): Upgrade {
  const newest = runs.at(-1);
  if (newest === undefined) return FRESH;
  const told = runs.reduce<Upgrade>((upgrade, run) => retell(upgrade, run, tagPrefix), FRESH);
  return { ...told, begun: newest.id };
}

function retell(
  before: Upgrade,
  { from, to, outcome, problem, startedAt, endedAt }: Run,
  prefix: string,
): Upgrade {
  const upgrade =
    before.active === null && from !== null ? { ...before, ...trusted(from, startedAt) } : before;
  if (outcome === 'rolledBack') {
    const failed = { release: to, cause: problem ?? LOST, since: endedAt ?? startedAt };
    return { ...upgrade, quarantine: [...without(upgrade, to), failed] };
  }
  if (outcome !== 'activated') return upgrade;
  const former = upgrade.active?.release ?? null;
  return {
    ...upgrade,
    active: { release: to, since: endedAt ?? startedAt, apps: null },
    previous: sameRelease(former, to) ? upgrade.previous : former,
    highest: ranksAtLeast(to, upgrade.highest, prefix) ? to : upgrade.highest,
    quarantine: without(upgrade, to),
    trail: [...upgrade.trail, { commit: to.commit, at: startedAt }],
  };
}

function underWay(told: Upgrade, active: Release, { pointed, runs, run }: Traces): Phase & Candidate {
  const fresh = { run, starts: 1, old: [] };
  if (pointed === null)
    return {
      at: 'rollingBack',
      release: active,
      ...fresh,
      cause: `${LOST}, and the root named no complete release`,
      bad: null,
    };
  const known = quarantined(told, pointed);
  if (known !== null) return { at: 'rollingBack', release: pointed, ...fresh, cause: known.cause, bad: null };
  const begun = runs.findLast(({ to, outcome }) => outcome === null && sameRelease(to, pointed));
  return { at: 'activating', release: pointed, ...fresh, run: begun?.id ?? run };
}

function without({ quarantine }: Upgrade, release: Release): Upgrade['quarantine'] {
  return quarantine.filter((entry) => !sameRelease(entry.release, release));
}
