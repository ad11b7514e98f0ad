import type { Channel } from '../domain/channel.js';
import type { Observed } from '../domain/observed.js';
import type { PolicyState } from '../domain/policy.js';
import { rulesOf } from '../domain/rules.js';
import { readPolicyRecord, type PolicyRecord } from '../state/policy-store.js';
import type { PolicySource } from '../config/remote.js';
import { identityOf, ownRules } from './identity.js';
import { zoneOf, type Root } from './root.js';

/** What this machine knows of the fleet's policy, by its records. */
export async function policyState({ config, layout }: Root, observed: Observed | null): Promise<PolicyState> {
  const { policy: source } = config;
  if (source === null) return { at: 'none' };
  const record = await readPolicyRecord(layout);
  const known = record?.source === sourceName(source) ? record : null;
  if (known?.followed != null) {
    const { followed, tried, problem } = known;
    return { at: 'read', ...followed, tried: tried ?? followed.commit, problem: tell(problem, followed) };
  }
  const problem = known?.problem ?? observed?.policyError ?? null;
  const detail = `the fleet's policy could not be read yet${problem === null ? '' : `: ${problem}`}`;
  return { at: 'unread', detail, tried: known?.tried ?? null };
}

function tell(problem: string | null, { policy }: NonNullable<PolicyRecord['followed']>): string | null {
  return problem === null
    ? null
    : `${problem}; version ${policy.version} of the fleet's policy stays in force`;
}

/** One place of a policy, told apart from any other. */
export function sourceName({ repository, ref, path }: PolicySource): string {
  return `${repository} ${ref} ${path}`;
}

/** The channel that this machine follows, the policy's word included. */
export function channelInForce(root: Root, policy: PolicyState): Channel {
  const { host, config } = root;
  const sources = { machine: identityOf(root), own: ownRules(config), policy, hold: null };
  return rulesOf({ ...sources, zone: zoneOf(root), now: host.clock.now() }).channel;
}
