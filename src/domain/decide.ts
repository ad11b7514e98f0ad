import { chooseRelease, ranksAtLeast, type Channel } from './channel.js';
import { FLOOR, LEAST, describeShortage, isShortOf, type Disk } from './disk.js';
import { mendableKinds, type Drift, type DriftKind } from './drift.js';
import { holdGate, passGates, stuckGate, type Closed, type Verdict } from './gates.js';
import { trustedRefs, type Observed } from './observed.js';
import { standingOrders, type Orders } from './orders.js';
import { describeRelease, sameRelease, type Instant, type Release } from './release.js';
import type { Upgrade } from './upgrade.js';

/** Everything that a decision looks at. Poller, worker, `status` and `plan` ask with the same facts and get the same answer. */
export interface Facts {
  readonly upgrade: Upgrade;
  readonly orders: Orders;
  readonly channel: Channel;
  readonly tagPrefix: string;
  readonly observed: Observed | null;
  readonly disk: Disk;
  readonly request: Request;
  /** What was found not to be as the agent left it; empty where nobody looked. */
  readonly drift: readonly Drift[];
  /** What the machine's configuration says about it. */
  readonly driftPolicy: 'repair' | 'report';
  readonly now: Instant;
}

/** What a person asked for, this once. */
export interface Request {
  /** `--to`: this release, whatever the channel says. */
  readonly to: Release | null;
  /** Somebody waits at a terminal: no waiting after a transient failure. */
  readonly impatient: boolean;
}

export const NO_REQUEST: Request = { to: null, impatient: false };

/** The release that the rules ask for, and what stands between. */
export interface Decision {
  /** Null where nothing fits the rules and nothing is active. */
  readonly desired: Release | null;
  readonly behind: boolean;
  /** What holds the machine back, or null. A pin is told although the machine is where it should be. */
  readonly why: Closed | null;
  /** Something that people should know though it holds nothing back. */
  readonly note: string | null;
  /** What a worker would do now. */
  readonly step: 'nothing' | 'wait' | 'stage' | 'activate' | 'repair' | 'finish';
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
  const wish = desire(facts);
  const { phase } = upgrade;
  const unfinished =
    phase.at === 'staging' ||
    phase.at === 'activating' ||
    phase.at === 'proving' ||
    phase.at === 'rollingBack' ||
    phase.at === 'repairing';
  const behind = wish.desired !== null && !isServing(upgrade, wish.desired);
  if (unfinished) return { ...wish, behind, why: offline(facts), step: 'finish', repair: [] };
  // What is staged and wanted no more is let go.
  if (!behind && phase.at === 'staged')
    return { ...wish, behind, why: resting(facts, wish), step: 'finish', repair: [] };
  if (!behind) return { ...wish, behind, why: resting(facts, wish), ...atRest(facts, 'nothing') };
  const verdict = gatesFor(wish.desired, facts);
  if (!verdict.open) return { ...wish, behind, why: verdict, ...atRest(facts, 'wait') };
  const ready = phase.at === 'staged' && sameRelease(phase.release, wish.desired);
  return { ...wish, behind, why: offline(facts), step: ready ? 'activate' : 'stage', repair: [] };
}

/** Whether drift would be repaired, if there were any. A person who applies asks for it, whatever the configuration says. */
export function mayRepair(facts: Facts): boolean {
  const { upgrade, orders, request, driftPolicy, now } = facts;
  const { active } = upgrade;
  if (active === null || (driftPolicy === 'report' && !request.impatient)) return false;
  const gateFacts = { upgrade, hold: standingOrders(orders, now).hold, impatient: false, named: false, now };
  return [holdGate, stuckGate].every((gate) => gate(active.release, gateFacts).open);
}

/** A new release replaces whatever has drifted; only where none comes, the active one is repaired. */
function atRest(facts: Facts, otherwise: 'nothing' | 'wait'): Pick<Decision, 'step' | 'repair'> {
  const { upgrade, request, drift, now } = facts;
  const terms = { repairs: upgrade.repairs, asked: request.impatient, now };
  const repair = mayRepair(facts) ? mendableKinds(drift, terms) : [];
  return { step: repair.length > 0 ? 'repair' : otherwise, repair };
}

/** Asks every gate about a release. */
export function gatesFor(release: Release, { upgrade, orders, request, now }: Facts): Verdict {
  const { hold } = standingOrders(orders, now);
  return passGates(release, { upgrade, hold, impatient: request.impatient, named: request.to !== null, now });
}

/** Active, and the root names it: after a way back that failed, the two differ until somebody mends it. */
function isServing({ active, trail }: Upgrade, desired: Release): boolean {
  const named = trail.at(-1)?.commit ?? null;
  return sameRelease(active?.release ?? null, desired) && (named === null || named === desired.commit);
}

interface Wish {
  readonly desired: Release | null;
  readonly note: string | null;
}

/** What the rules ask for, before any gate: `--to`, then the pin, then the channel. */
function desire(facts: Facts): Wish {
  const { pin } = standingOrders(facts.orders, facts.now);
  if (facts.request.to !== null) return { desired: facts.request.to, note: null };
  if (pin !== null) return { desired: pin.release, note: null };
  return followChannel(facts);
}

function followChannel({ upgrade, channel, tagPrefix, observed }: Facts): Wish {
  const active = upgrade.active?.release ?? null;
  if (observed === null) return { desired: active, note: null };
  const choice = chooseRelease(
    channel,
    channel.kind === 'ref' ? observed.refs : trustedRefs(observed),
    tagPrefix,
  );
  if (!choice.found)
    return {
      desired: active,
      note: observed.refs.length === 0 && observed.error !== null ? null : choice.detail,
    };
  const { release } = choice;
  // Operators move a branch or a ref by hand, back too: that is meant. What is picked by version may only grow.
  const mayFall = channel.kind === 'branch' || channel.kind === 'ref';
  if (mayFall || active === null || ranksAtLeast(release, upgrade.highest, tagPrefix))
    return { desired: release, note: null };
  const note = `the channel's newest is ${describeRelease(release)}, lower than what ran here; pm2-gitops pin ${release.tag} to go down`;
  return { desired: active, note };
}

/** Why a machine that is where it should be is not where its channel is, or may not know better. */
function resting(facts: Facts, { desired }: Wish): Closed | null {
  const { pin, hold } = standingOrders(facts.orders, facts.now);
  if (desired !== null && (hold !== null || facts.upgrade.phase.at === 'stuck')) {
    const verdict = gatesFor(desired, facts);
    if (!verdict.open) return verdict;
  }
  if (pin === null || facts.request.to !== null) return offline(facts);
  const channel = followChannel(facts).desired;
  if (sameRelease(channel, pin.release)) return offline(facts);
  const newest = channel === null ? '' : `; the channel offers ${describeRelease(channel)}`;
  return {
    open: false,
    reason: 'pinned',
    until: pin.until,
    detail: `pinned on ${describeRelease(pin.release)}${newest}; pm2-gitops unpin`,
  };
}

function offline({ observed }: Facts): Closed | null {
  return observed?.error == null
    ? null
    : { open: false, reason: 'offline', until: null, detail: observed.error };
}
