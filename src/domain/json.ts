import { plainJson } from './plain.js';
import type { PolicyStatus } from './policy-status.js';
import type { Instant, Release } from './release.js';
import type { Run } from './run.js';
import type { LastPoll, Status } from './status.js';
import type { Closed } from './verdict.js';

/** What `--json` prints: for programs, and whoever looks on. */
export function jsonText(value: object): string {
  return plainJson(JSON.stringify(value, null, 2));
}

/** The same on one line. */
export function jsonLine(value: object): string {
  return plainJson(JSON.stringify(value));
}

/** `status --json`, as the contract has it: moments as ISO time. */
export function statusJson(status: Status): object {
  const { active, lastPoll, worker } = status;
  return {
    schema: 1,
    ...status,
    pin: status.pin === null ? null : releaseJson(status.pin),
    policy: status.policy === null ? null : policyJson(status.policy),
    desired: status.desired === null ? null : releaseJson(status.desired),
    staged: status.staged === null ? null : releaseJson(status.staged),
    active: active === null ? null : { ...releaseJson(active), since: iso(active.since) },
    why: whyJson(status.why),
    processes: status.processes.map((process) => ({ ...process, since: iso(process.since) })),
    quarantine: status.quarantine.map(({ cause, since, ...release }) => ({
      ...releaseJson(release),
      cause,
      since: iso(since),
    })),
    lastRun: status.lastRun === null ? null : runJson(status.lastRun),
    lastPoll: lastPoll === null ? null : lastPollJson(lastPoll),
    nextPoll: iso(status.nextPoll),
    drift: status.drift.map((each) => ({ ...each, until: iso(each.until) })),
    orphans: status.orphans.map((each) => ({ ...each, since: iso(each.since) })),
    worker: worker === null ? null : { ...worker, startedAt: iso(worker.startedAt) },
  };
}

function lastPollJson({ outage, ...poll }: LastPoll): object {
  const told = outage === null ? null : { ...outage, since: iso(outage.since), until: iso(outage.until) };
  return { ...poll, at: iso(poll.at), outage: told };
}

/** A run: in `status` with the tags, `trigger` telling what began it and `cause` what went wrong. */
export function runJson({
  id,
  from,
  to,
  outcome,
  startedAt,
  endedAt,
  cause,
  problem,
  reason,
  phases,
}: Run): object {
  return {
    ...{ id, from: from?.tag ?? null, to: to.tag, outcome, startedAt: iso(startedAt), endedAt: iso(endedAt) },
    ...{ cause: problem, reason, trigger: cause, fromCommit: from?.commit ?? null, toCommit: to.commit },
    phases: phases.map(({ at, since }) => ({ phase: at, since: iso(since) })),
  };
}

/** What a machine knows of the fleet's policy. */
export function policyJson(policy: PolicyStatus): object {
  return { ...policy, expires: iso(policy.expires) };
}

/** A closed gate. */
export function whyJson(why: Closed | null): object | null {
  return why === null ? null : { reason: why.reason, until: iso(why.until), detail: why.detail };
}

/** A release. */
export function releaseJson({ tag, commit }: Release): object {
  return { tag, commit };
}

/** A moment as ISO time. */
export function iso(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
