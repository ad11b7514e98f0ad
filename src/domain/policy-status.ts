import { groupOf } from './group.js';
import type { MachineIdentity, PolicyState } from './policy.js';
import type { Commit, Instant } from './release.js';

/** The fleet's policy as `status` tells it. */
export interface PolicyStatus {
  /** Null: none could be read yet, and `problem` says why. */
  readonly commit: Commit | null;
  readonly version: number | null;
  /** The group that this machine is in, or null. */
  readonly group: string | null;
  readonly expires: Instant | null;
  /** Why a newer one is not followed, or null. */
  readonly problem: string | null;
}

/** What a machine knows of the fleet's policy; null: `gitops.json` names none. */
export function policyStatus(state: PolicyState, machine: MachineIdentity): PolicyStatus | null {
  if (state.at === 'none') return null;
  if (state.at === 'unread')
    return { ...{ commit: null, version: null, group: null, expires: null }, problem: state.detail };
  const { policy, commit, problem } = state;
  const { version, expires } = policy;
  return { commit, version, group: groupOf(policy, machine)?.name ?? null, expires, problem };
}
