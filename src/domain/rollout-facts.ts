import { compareVersions } from './channel.js';
import type { Disk } from './disk.js';
import { NO_FORGE } from './forge.js';
import { NO_REQUEST, type Facts } from './facts.js';
import { NO_TALLY, type Observed } from './observed.js';
import { NO_ORDERS } from './orders.js';
import type { MachineIdentity, PolicyState } from './policy.js';
import { describeRelease, type Instant, type Release } from './release.js';
import type { Rollout } from './rollout.js';
import { rulesOf, type Rules } from './rules.js';
import { NO_TRUST } from './trust.js';
import { FRESH, type Upgrade } from './upgrade.js';

/** A machine at one of its looks. */
export interface ForeseenLook {
  readonly at: Instant;
  /** The look that shows the release first. */
  readonly first: Instant;
  readonly active: Release;
  readonly staged: Release;
}

const ROOMY: Disk = { at: 'writable', path: '', bytes: Number.MAX_SAFE_INTEGER, files: null };
const NO_SHA7 = '0000000';

/** What a machine would know at one of its looks. */
export function foreseenFacts(rollout: Rollout, machine: MachineIdentity, look: ForeseenLook): Facts {
  const { own, pollEveryMs, tagPrefix, zone, placeOf } = rollout;
  const older = olderReleases(rollout, foreseenRules(rollout, machine, look.at));
  return {
    ...{ upgrade: upgradeOf(look), orders: NO_ORDERS, machine, own, tagPrefix, pollEveryMs, zone },
    ...{ policy: followed(rollout), observed: observedBy(rollout, older, look) },
    dates: Object.fromEntries(older.map(({ tag, commit }) => [`refs/tags/${tag}`, { commit, at: 0 }])),
    placeOf: ({ tag }) => placeOf(machine.id, tag),
    ...{ disk: ROOMY, trust: NO_TRUST, forge: NO_FORGE, request: NO_REQUEST, underWay: false },
    ...{ drift: [], driftPolicy: 'repair' },
    now: look.at,
  };
}

/** What holds for a machine at a moment. */
export function foreseenRules(rollout: Rollout, machine: MachineIdentity, now: Instant): Rules {
  const { own, zone } = rollout;
  return rulesOf({ machine, own, policy: followed(rollout), hold: null, zone, now });
}

/** A release of which only the tag is known. */
export function madeUp(tag: string): Release {
  return { tag, commit: `${NO_SHA7} ${tag}`, ref: `refs/tags/${tag}` };
}

/** A sentence of a gate without the commits that are made up. */
export function plainly(detail: string): string {
  return detail.replaceAll(describeRelease(madeUp('')), '');
}

function followed({ policy }: Rollout): PolicyState {
  return { at: 'read', policy, commit: NO_SHA7, tried: NO_SHA7, problem: null };
}

/** What is in the repository as far as it matters: what serves, the barriers above it, and what the policy pins this machine on. */
function olderReleases({ tag, from, tagPrefix }: Rollout, { pin, barriers }: Rules): Release[] {
  const isBetween = (barrier: string): boolean =>
    (compareVersions(madeUp(barrier), madeUp(from), tagPrefix) ?? 0) > 0 &&
    (compareVersions(madeUp(barrier), madeUp(tag), tagPrefix) ?? 0) < 0;
  const pinned = pin === null || pin === tag ? [] : [pin];
  return [...new Set([from, ...barriers.filter(isBetween), ...pinned])].map(madeUp);
}

function observedBy(
  { tag, pollEveryMs }: Rollout,
  older: readonly Release[],
  { at, first }: ForeseenLook,
): Observed {
  const release = madeUp(tag);
  const refs = [release, ...older].map(({ ref, commit }) => ({ name: ref ?? '', commit }));
  return {
    ...{ turn: at, at, error: null, code: null, outage: null, refs, seen: {} },
    ...{ policy: null, policyError: null },
    listed: { at, asked: '' },
    looks: 1 + Math.floor((at - first) / pollEveryMs),
    tally: NO_TALLY,
    first: { [`refs/tags/${tag}`]: { commit: release.commit, at: first, look: 1 } },
  };
}

function upgradeOf({ active, staged }: ForeseenLook): Upgrade {
  return {
    ...FRESH,
    phase: { at: 'staged', release: staged, run: '', starts: 1 },
    active: { release: active, since: 0, apps: null },
    highest: active,
  };
}
