import type { Answer } from '../agent/answer.js';
import type { Begun } from '../agent/begin.js';
import type { Foresight } from '../agent/foresee.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import type { GateReport } from '../domain/gates.js';
import { iso, releaseJson, whyJson } from '../domain/json.js';
import type { Approval } from '../domain/orders.js';
import type { Arrival } from '../domain/rollout.js';

export {
  iso,
  jsonLine,
  jsonText,
  policyJson,
  releaseJson,
  runJson,
  statusJson,
  whyJson,
} from '../domain/json.js';

/** A mistake with `--json`. */
export function errorJson(error: unknown): object {
  return { schema: 1, error: problemJson(error) };
}

/** `rollout --json`: each machine with the moment at which it takes the release, or why it does not. */
export function rolloutJson({ rollout, arrivals }: Foresight): object {
  const { tag, from, out, policy, pollEveryMs, zone } = rollout;
  return {
    ...{ schema: 1, tag, from, out: iso(out), policyVersion: policy.version, pollEveryMs, zone },
    machines: arrivals.map(arrivalJson),
  };
}

function arrivalJson({ machine, group, channel, canary, waits, fate }: Arrival): object {
  return {
    ...{ id: machine.id, name: machine.name, group, channel, canary },
    at: fate.gets ? iso(fate.at) : null,
    why: fate.gets ? null : { reason: fate.reason, detail: fate.detail },
    waits: waits.map(({ reason, detail, from, to }) => ({ reason, detail, from: iso(from), to: iso(to) })),
  };
}

/** Somebody's word that a release may come. */
export function approvalJson({ release, since, until }: Approval): object {
  return { ...releaseJson(release), since: iso(since), until: iso(until) };
}

/** `apply --json`, `rollback --json`: how the run ended; without one, what held it back, or null: there was nothing to do. */
export function broughtJson(begun: Begun, answer: Answer | null): object {
  const { desired, notes } = begun;
  return {
    ...{ schema: 1, desired: desired === null ? null : releaseJson(desired) },
    ...{ run: answer?.run ?? null, outcome: answer?.outcome ?? null },
    why: begun.at === 'gate' ? whyJson(begun.why) : null,
    problem: answer?.problem == null ? null : problemOf(answer),
    notes,
  };
}

function problemOf({ code, problem, hint }: Answer): object {
  return { code, message: problem, hint };
}

/** What a gate says. */
export function gateJson({ gate, verdict }: GateReport): object {
  const said = verdict.open ? { reason: null, until: null, detail: null } : whyJson(verdict);
  return { gate, open: verdict.open, ...said };
}

/** What went wrong, with its mend; the code of what nobody foresaw is null. */
export function problemJson(error: unknown): object {
  const known = isGitOpsError(error);
  return { code: known ? error.code : null, message: messageOf(error), hint: known ? error.hint : null };
}
