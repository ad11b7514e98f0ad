import type { Channel } from '../domain/channel.js';
import type { Observed } from '../domain/observed.js';
import type { PolicyState } from '../domain/policy.js';
import { NO_COMMIT } from '../domain/release.js';
import { rulesOf, type Rules } from '../domain/rules.js';
import { readPolicyRecord, type PolicyRecord } from '../state/policy-store.js';
import type { PolicySource } from '../config/remote.js';
import { identityOf, ownRules } from './identity.js';
import { zoneOf, type Root } from './root.js';

/** What this machine knows of the fleet's policy, by its records. */
export async function policyState(root: Root, observed: Observed | null): Promise<PolicyState> {
  const { policy: source } = root.config;
  if (source === null) return { at: 'none' };
  const record = await readPolicyRecord(root.layout);
  const known = record?.source === sourceName(source) ? await trusted(root, source, record) : null;
  if (known?.followed != null) {
    const { tried, problem } = known;
    const { commit, policy } = known.followed;
    return { at: 'read', commit, policy, tried: tried ?? NO_COMMIT, problem: tell(problem, known.followed) };
  }
  const problem = known?.problem ?? observed?.policyError ?? null;
  const detail = `the fleet's policy could not be read yet${problem === null ? '' : `: ${problem}`}`;
  return { at: 'unread', detail, tried: known?.tried ?? null };
}

/** Where policies have to be signed, one that never was counts for nothing, and what was judged by other files is judged anew. */
async function trusted(root: Root, { verify }: PolicySource, record: PolicyRecord): Promise<PolicyRecord> {
  if (verify === 'off') return record;
  const { readTrustFiles } = await import('./trust-files.js');
  const { mark } = await readTrustFiles(root);
  const { followed, tried } = record;
  return {
    ...record,
    followed: followed?.verified === true ? followed : null,
    tried: record.mark === mark ? tried : null,
  };
}

function tell(problem: string | null, { policy }: NonNullable<PolicyRecord['followed']>): string | null {
  return problem === null
    ? null
    : `${problem}; version ${policy.version} of the fleet's policy stays in force`;
}

/** One place of a policy, told apart from any other. */
export function sourceName({
  repository,
  ref,
  path,
}: Pick<PolicySource, 'repository' | 'ref' | 'path'>): string {
  return `${repository} ${ref} ${path}`;
}

/** The channel that this machine follows, the policy's word included. */
export function channelInForce(root: Root, policy: PolicyState): Channel {
  return rulesInForce(root, policy).channel;
}

/** What holds for this machine by its own file and the policy. */
export function rulesInForce(root: Root, policy: PolicyState): Rules {
  const { host, config } = root;
  const sources = { machine: identityOf(root), own: ownRules(config), policy, hold: null };
  return rulesOf({ ...sources, zone: zoneOf(root), now: host.clock.now() });
}
