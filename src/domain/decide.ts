import { desire, followChannel, type Wish, type WishFacts } from './desire.js';
import { FLOOR, LEAST, describeShortage, isShortOf, type Disk } from './disk.js';
import { mendableKinds, type DriftKind } from './drift.js';
import type { Facts } from './facts.js';
import { forgeNotes, isLatestDue, withLatest } from './forge.js';
import type { GateFacts } from './gate.js';
import { askGates, firstClosed, OPENING_GATES, REST_GATES, STANDING_GATES } from './gates.js';
import { NO_LACK, type Lack } from './lack.js';
import { standingOrders } from './orders.js';
import { restsUntil } from './outage.js';
import { describeRelease, sameRelease, type Commit, type Release } from './release.js';
import { rulesOf } from './rules.js';
import { signatureGate } from './signature-gate.js';
import { findingOf } from './trust.js';
import type { Upgrade } from './upgrade.js';
import { closed, OPEN, type Closed, type Verdict } from './verdict.js';

/** The release that the rules ask for, and what stands between. */
export interface Decision {
  /** Null where nothing fits the rules and nothing is active. */
  readonly desired: Release | null;
  readonly behind: boolean;
  /** What holds the machine back, or null. A pin is told although the machine is where it should be. */
  readonly why: Closed | null;
  /** What people should know though it holds nothing back. */
  readonly notes: readonly string[];
  /** What a worker would do now. */
  readonly step: 'nothing' | 'wait' | 'learn' | 'stage' | 'activate' | 'repair' | 'finish';
  /** What the step `learn` is about. */
  readonly lack: Lack;
  /** The kinds of drift that the step `repair` is about. */
  readonly repair: readonly DriftKind[];
}

/** Decides. */
export function decide(facts: Facts): Decision {
  return onDisk(facts.disk, decideByRules(facts));
}

/** A read-only disk lets nothing change; on a full one nothing new can be seen, so nobody may call the machine up to date. */
function onDisk(disk: Disk, decision: Decision): Decision {
  const { why, step } = decision;
  const closed = { open: false, until: null, detail: describeShortage(disk, FLOOR) } as const;
  if (disk.at === 'readonly' && why?.reason !== 'stuck')
    return {
      ...decision,
      why: {
        ...closed,
        reason: 'held',
        detail: `${closed.detail}: nothing is changed until it is writable again`,
      },
      step: step === 'nothing' ? 'nothing' : 'wait',
      repair: [],
    };
  if (why !== null || !isShortOf(disk, LEAST)) return decision;
  return { ...decision, why: { ...closed, reason: 'backoff', detail: `${closed.detail}: free some space` } };
}

function decideByRules(facts: Facts): Decision {
  const { upgrade } = facts;
  const scope = wishFacts(facts);
  const wish = desire(scope);
  const { phase } = upgrade;
  const behind = wish.desired !== null && !isServing(upgrade, wish.desired);
  const common = {
    desired: wish.desired,
    notes: [...scope.rules.notes, ...wish.notes, ...forgeNotes(facts.forge)],
    behind,
    lack: NO_LACK,
    repair: [],
  };
  if (isUnfinished(upgrade)) return { ...common, why: offline(facts), step: 'finish' };
  if (isPolicyStale(facts)) return { ...common, why: heldOrOffline(scope, wish), step: 'learn' };
  if (scope.isLatestDue)
    return {
      ...common,
      ...{ why: heldOrOffline(scope, wish), step: 'learn', lack: { ...NO_LACK, latest: true } },
    };
  // What is staged and wanted no more is let go.
  if (!behind && phase.at === 'staged') return { ...common, why: resting(scope, wish), step: 'finish' };
  if (!behind) return { ...common, why: resting(scope, wish), ...atRest(facts, 'nothing') };
  return { ...common, ...forward(wish.desired, wish, scope) };
}

/** What keeps a machine that is behind, or what brings it on. */
function forward(
  desired: Release,
  wish: Wish,
  { facts, gates }: WishFacts,
): Pick<Decision, 'why' | 'step' | 'repair' | 'lack'> {
  const { upgrade, underWay } = facts;
  const { turn } = wish;
  // What nobody has looked at yet is looked at, unless something else stands in its way.
  const untried =
    findingOf(gates.trust, desired, gates.observed) === null && !signatureGate(desired, gates).open;
  const lack = lackOf(desired, wish, untried);
  const asked = STANDING_GATES.filter((name) => name !== 'signature' || !untried);
  const standing = firstClosed(askGates(desired, gates, asked));
  const nothing = { lack: NO_LACK, repair: [] };
  // A newer one may turn out to be green, whatever stands in the way of this one.
  const asksForge = lack.unchecked.length > 0 && heldBy(gates, desired).open;
  if ((standing.open && isLacking(lack)) || asksForge)
    return { why: standing.open ? closedOr(turn, facts) : standing, step: 'learn', lack, repair: [] };
  if (!standing.open) return { ...nothing, why: standing, ...atRest(facts, 'wait') };
  if (!turn.open) return { ...nothing, why: turn, ...atRest(facts, 'wait') };
  const opening = underWay ? OPEN : firstClosed(askGates(desired, gates, OPENING_GATES));
  const why = closedOr(opening, facts);
  const { phase } = upgrade;
  if (phase.at !== 'staged' || !sameRelease(phase.release, desired))
    return { ...nothing, why, step: 'stage' };
  return opening.open ? { ...nothing, why, step: 'activate' } : { ...nothing, why, ...atRest(facts, 'wait') };
}

/** Releases are dated first, then their checks are read: that may choose another one. Only what is chosen is looked at closely. */
function lackOf(desired: Release, { undated, unchecked }: Wish, untried: boolean): Lack {
  if (undated.length > 0) return { ...NO_LACK, undated };
  if (unchecked.length > 0) return { ...NO_LACK, unchecked };
  return { ...NO_LACK, untried: untried ? [desired] : [] };
}

function isLacking({ undated, untried, unchecked }: Lack): boolean {
  return undated.length > 0 || untried.length > 0 || unchecked.length > 0;
}

function closedOr(verdict: Verdict, facts: Facts): Closed | null {
  return verdict.open ? offline(facts) : verdict;
}

function isUnfinished({ phase: { at } }: Upgrade): boolean {
  return at !== 'idle' && at !== 'staged' && at !== 'stuck';
}

/** What the gates look at, and the rules that hold for this machine. */
export function wishFacts(facts: Facts): WishFacts {
  const {
    upgrade,
    orders,
    request,
    observed,
    dates,
    trust,
    forge,
    tagPrefix,
    placeOf,
    pollEveryMs,
    zone,
    now,
  } = facts;
  const standing = standingOrders(orders, now);
  const ruled = rulesOf({ ...facts, hold: standing.hold });
  const rules = { ...ruled, channel: withLatest(ruled.channel, forge, tagPrefix) };
  const gates: GateFacts = {
    ...{ upgrade, rules, observed, dates, trust, forge, tagPrefix, placeOf, pollEveryMs, zone, now },
    familiar: familiarTo(facts, standing.pin !== null),
    approved: standing.approvals.map(({ release }) => release.commit),
    impatient: request.impatient,
    hurried: request.hurried,
    named: request.to !== null,
  };
  return { facts, rules, gates, isLatestDue: isLatestDue(ruled.channel, forge, now) };
}

/** What serves, and, for a person who names it, what served before: a way back must not need a key. */
function familiarTo({ upgrade: { active, previous }, request }: Facts, isPinned: boolean): Commit[] {
  const isNamed = isPinned || request.to !== null;
  return [active?.release ?? null, isNamed ? previous : null].flatMap((known) => known?.commit ?? []);
}

/** The operators have written another policy than the one that was read here. */
export function isPolicyStale({ policy, observed }: Facts): boolean {
  const tip = observed?.policy ?? null;
  return policy.at !== 'none' && tip !== null && tip !== policy.tried;
}

/** Whether drift would be repaired, if there were any. A person who applies asks for it, whatever the configuration says. */
export function mayRepair(facts: Facts): boolean {
  const { upgrade, request, driftPolicy } = facts;
  const { active } = upgrade;
  if (active === null || (driftPolicy === 'report' && !request.impatient)) return false;
  return firstClosed(askGates(active.release, { ...wishFacts(facts).gates, named: false }, REST_GATES)).open;
}

/** A new release replaces whatever has drifted; only where none comes, the active one is repaired. */
function atRest(facts: Facts, otherwise: 'nothing' | 'wait'): Pick<Decision, 'step' | 'repair'> {
  const { upgrade, request, drift, now } = facts;
  const terms = { repairs: upgrade.repairs, asked: request.impatient, now };
  const kinds = mendableKinds(drift, terms);
  const repair = kinds.length > 0 && mayRepair(facts) ? kinds : [];
  return { step: repair.length > 0 ? 'repair' : otherwise, repair };
}

/** Active, and the root names it: after a way back that failed, the two differ until somebody mends it. */
function isServing({ active, trail }: Upgrade, desired: Release): boolean {
  const named = trail.at(-1)?.commit ?? null;
  return sameRelease(active?.release ?? null, desired) && (named === null || named === desired.commit);
}

/** Why a machine that is where it should be is not where its channel is, or may not know better. */
function resting(scope: WishFacts, { desired }: Wish): Closed | null {
  const { facts, gates, rules } = scope;
  const held = heldBy(gates, desired);
  if (!held.open) return held;
  const { pin } = standingOrders(facts.orders, facts.now);
  const pinned = pin === null ? rules.pin : describeRelease(pin.release);
  if (pinned === null || facts.request.to !== null) return offline(facts);
  const channel = followChannel(scope).desired;
  if (sameRelease(channel, desired)) return offline(facts);
  const newest = channel === null ? '' : `; the channel offers ${describeRelease(channel)}`;
  const who = pin === null ? `pinned on ${pinned} by the fleet's policy` : `pinned on ${pinned}`;
  return closed('pinned', pin?.until ?? null, `${who}${newest}${pin === null ? '' : '; pm2-gitops unpin'}`);
}

/** While the policy is still to be read the machine is held by the former one, or by having none. */
function heldOrOffline({ facts, gates }: WishFacts, { desired }: Wish): Closed | null {
  return closedOr(heldBy(gates, desired), facts);
}

function heldBy(gates: GateFacts, desired: Release | null): Verdict {
  return desired === null ? OPEN : firstClosed(askGates(desired, gates, REST_GATES));
}

/** Until the schedule looks again, if it leaves out turns. */
function offline({ observed, now }: Facts): Closed | null {
  if (observed?.error == null) return null;
  return closed('offline', restsUntil(observed.outage, { at: observed.at, now }), observed.error);
}
