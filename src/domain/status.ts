import type { Decision } from './decide.js';
import type { DriftReport } from './tell-drift.js';
import type { Closed } from './verdict.js';
import { describeMoved, movedTags, type Observed } from './observed.js';
import type { Orphan } from './orphan.js';
import { restsUntil, type Outage } from './outage.js';
import type { PolicyStatus } from './policy-status.js';
import type { AppProcess } from './process.js';
import { describeRelease, NO_COMMIT, type Commit, type Instant, type Release } from './release.js';
import type { Run } from './run.js';
import { commitAt, type Step, type Upgrade } from './upgrade.js';

/** Everything that `status` tells: the shape of `status --json`, moments still as instants. */
export interface Status {
  readonly root: string;
  readonly strategy: string;
  readonly machine: { readonly id: string; readonly name: string };
  readonly channel: string;
  readonly pin: Release | null;
  /** The fleet's policy; null: `gitops.json` names none. */
  readonly policy: PolicyStatus | null;
  readonly phase: string;
  readonly desired: Release | null;
  readonly staged: Release | null;
  readonly active: (Release & { readonly since: Instant }) | null;
  readonly behind: boolean;
  readonly why: Closed | null;
  readonly processes: readonly ProcessStatus[];
  readonly quarantine: readonly (Release & { readonly cause: string; readonly since: Instant })[];
  readonly lastRun: Run | null;
  readonly lastPoll: LastPoll | null;
  readonly nextPoll: Instant;
  readonly worker: Worker | null;
  /** What is not as the agent left it. */
  readonly drift: readonly DriftReport[];
  /** What the apps' former lives left behind. */
  readonly orphans: readonly OrphanStatus[];
  readonly warnings: readonly string[];
}

/** The last look at the source. */
export interface LastPoll {
  readonly at: Instant;
  readonly ok: boolean;
  readonly error: string | null;
  /** Null after a good look. */
  readonly outage: OutageStatus | null;
}

/** Turns that failed in a row since the first of them, until when further ones are left out because of it, or null, and whether the server asked for that. */
export interface OutageStatus extends Omit<Outage, 'until'> {
  readonly until: Instant | null;
}

/** A process that outlived the life of the app that started it, and how many processes it is with those below it. */
export interface OrphanStatus {
  readonly pid: number;
  readonly command: string;
  readonly since: Instant;
  readonly pmId: number;
  readonly name: string;
  readonly count: number;
}

/** A process and the release that it really runs; null where nobody can tell. */
export interface ProcessStatus {
  readonly pmId: number;
  readonly name: string;
  readonly pid: number | null;
  readonly status: string;
  readonly commit: Commit | null;
  readonly since: Instant | null;
}

/** The worker that holds the machine now. */
export interface Worker {
  /** Null in the moment in which it has not said who it is. */
  readonly pid: number | null;
  readonly run: string | null;
  readonly startedAt: Instant | null;
}

/** What `status` is made of. */
export interface StatusFacts {
  readonly identity: Pick<Status, 'root' | 'strategy' | 'machine' | 'channel'>;
  readonly upgrade: Upgrade;
  readonly pin: Release | null;
  readonly policy: PolicyStatus | null;
  readonly decision: Decision;
  readonly observed: Observed | null;
  readonly processes: readonly AppProcess[];
  /** Which commit the root named since when; people's own checkouts included. */
  readonly trail: readonly Step[];
  readonly lastRun: Run | null;
  readonly nextPoll: Instant;
  readonly worker: Worker | null;
  readonly drift: readonly DriftReport[];
  readonly orphans: readonly Orphan[];
  readonly warnings: readonly string[];
  readonly now: Instant;
}

/** Puts the status together. */
export function statusOf(facts: StatusFacts): Status {
  const { identity, upgrade, decision, observed, worker, trail, now } = facts;
  const { phase, active } = upgrade;
  return {
    ...identity,
    ...{ pin: facts.pin, policy: facts.policy },
    phase: phase.at,
    desired: decision.desired,
    staged: phase.at === 'staged' ? phase.release : null,
    active: active === null ? null : { ...active.release, since: active.since },
    behind: decision.behind,
    why: whyOf(facts),
    processes: facts.processes.map((process) => processStatus(process, trail, now)),
    quarantine: upgrade.quarantine.map(({ release, cause, since }) => ({ ...release, cause, since })),
    lastRun: facts.lastRun,
    lastPoll: observed === null ? null : lastPollOf(observed, now),
    nextPoll: facts.nextPoll,
    worker,
    drift: facts.drift,
    orphans: facts.orphans.map(orphanStatus),
    warnings: [...facts.warnings, ...warningsOf(decision, observed)],
  };
}

/** Which release a process runs: its own folder tells, where pm2 recorded one; else what the root named when it started. */
export function commitOf(
  { cwd, script, startedAt }: AppProcess,
  trail: readonly Step[],
  now?: Instant,
): Commit | null {
  const folder = /[\\/]releases[\\/][^\\/\n]*-([0-9a-f]{7})(?=[\\/\n]|$)/.exec(`${cwd}\n${script}`)?.[1];
  if (folder === undefined) return commitAt(trail, startedAt, now);
  return trail.findLast(({ commit }) => commit.startsWith(folder))?.commit ?? null;
}

function processStatus(process: AppProcess, trail: readonly Step[], now: Instant): ProcessStatus {
  const { pmId, name, pid, status, startedAt } = process;
  const lives = pid !== null;
  const commit = lives ? commitOf(process, trail, now) : null;
  return {
    pmId,
    name,
    pid,
    status,
    commit: commit === NO_COMMIT ? null : commit,
    since: lives ? startedAt : null,
  };
}

function lastPollOf({ at, error, outage }: Observed, now: Instant): LastPoll {
  const until = restsUntil(outage, { at, now });
  return { at, ok: error === null, error, outage: outage === null ? null : { ...outage, until } };
}

function orphanStatus({ pid, command, since, of: { pmId, name }, tree }: Orphan): OrphanStatus {
  return { pid, command, since, pmId, name, count: tree.length };
}

function whyOf({ decision, worker, upgrade: { phase } }: StatusFacts): Closed | null {
  if (!decision.behind || worker === null) return decision.why;
  const release = phase.at === 'idle' ? decision.desired : phase.release;
  const what = release === null ? '' : ` ${describeRelease(release)}`;
  return {
    open: false,
    reason: 'busy',
    until: null,
    detail: `a worker${worker.pid === null ? '' : ` (pid ${worker.pid})`} is ${phase.at}${what}`,
  };
}

function warningsOf({ notes }: Decision, observed: Observed | null): string[] {
  const moved = observed === null ? [] : movedTags(observed);
  const told = moved.map(describeMoved);
  const blind = observed?.policyError ?? null;
  const unseen = blind === null ? [] : [`the fleet's policy cannot be looked for: ${blind}`];
  return [...notes, ...unseen, ...told];
}
