import type { Foresight } from '../agent/foresee.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import type { GateReport } from '../domain/gates.js';
import { iso, releaseJson, whyJson } from '../domain/json.js';
import type { Approval } from '../domain/orders.js';
import type { Arrival } from '../domain/rollout.js';

export { jsonLine, jsonText, policyJson, releaseJson, runJson, statusJson, whyJson } from '../domain/json.js';

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

/** What a gate says. */
export function gateJson({ gate, verdict }: GateReport): object {
  const said = verdict.open ? { reason: null, until: null, detail: null } : whyJson(verdict);
  return { gate, open: verdict.open, ...said };
}

/** What went wrong, with its mend. */
export function problemJson(error: unknown): object {
  const known = isGitOpsError(error);
  return { code: known ? error.code : null, message: messageOf(error), hint: known ? error.hint : null };
}
