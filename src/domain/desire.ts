import { birthOf } from './age.js';
import { areChecksDue } from './checks-gate.js';
import { chooseRelease, compareVersions, findTag, isNamed, rankedReleases, ranksAtLeast } from './channel.js';
import type { Facts } from './facts.js';
import { whyNoLatest } from './forge.js';
import type { GateFacts } from './gate.js';
import { askGates, FIRST_GATES, firstClosed, TURN_GATES } from './gates.js';
import { trustedRefs } from './observed.js';
import { standingOrders } from './orders.js';
import { describeRelease, sameRelease, type Ref, type Release } from './release.js';
import type { Rules } from './rules.js';
import { asksForAge, isOutWhole } from './turn-gates.js';
import { OPEN, type Verdict } from './verdict.js';

/** The release that the rules ask for, before any gate that stands for the whole machine. */
export interface Wish {
  /** Null where nothing fits the rules and nothing is active. */
  readonly desired: Release | null;
  /** A person or a policy named this very release. */
  readonly named: boolean;
  /** Whether it is this machine's turn to take it. */
  readonly turn: Verdict;
  /** Releases of which it has to be read first when they were made. */
  readonly undated: readonly Release[];
  /** Releases of which the forge has to be asked first whether their checks are green. */
  readonly unchecked: readonly Release[];
  readonly notes: readonly string[];
}

/** What a wish is told from. */
export interface WishFacts {
  readonly facts: Facts;
  readonly rules: Rules;
  readonly gates: GateFacts;
  /** Whether the forge is to be asked anew which release is its latest. */
  readonly isLatestDue: boolean;
}

// More are not read at once; the newest come first.
const MOST_UNDATED = 30;
const MOST_UNCHECKED = 10;

/** What the rules ask for: `--to`, then a person's pin, then the policy's, then the channel. */
export function desire(scope: WishFacts): Wish {
  const { facts, rules } = scope;
  const { pin } = standingOrders(facts.orders, facts.now);
  if (facts.request.to !== null) return naming(facts.request.to);
  if (pin !== null) return naming(pin.release);
  if (rules.pin === null) return followChannel(scope);
  const found = findTag(
    rules.pin,
    facts.observed === null ? [] : trustedRefs(facts.observed),
    facts.tagPrefix,
  );
  if (found !== null) return naming(found);
  return {
    ...staying(facts),
    notes: [`the fleet's policy pins ${rules.pin}, which the repository does not have`],
  };
}

/** What the channel asks for: of all that it admits the newest whose turn it is; where there is none, the newest, and it is waited for. */
export function followChannel({ facts, rules, gates }: WishFacts): Wish {
  const { upgrade, observed, tagPrefix } = facts;
  if (observed === null) return staying(facts);
  const refs = rules.channel.kind === 'ref' ? observed.refs : trustedRefs(observed);
  const ranked = rankedReleases(rules.channel, refs, tagPrefix);
  const candidates = withoutBarred(ranked, { facts, rules, refs });
  const [newest] = candidates;
  if (newest === undefined) return { ...staying(facts), notes: whyNone(ranked, { facts, rules, refs }) };
  const active = upgrade.active?.release ?? null;
  const ahead = candidates.slice(0, indexOr(candidates, active));
  if (ahead.length === 0) return { ...staying(facts), desired: newest };
  return active === null && !rules.canary ? takeFirst(ahead, gates) : takeTurn(ahead, gates);
}

function naming(desired: Release): Wish {
  return { ...wishing(desired, OPEN), named: true };
}

function wishing(desired: Release | null, turn: Verdict): Wish {
  return { desired, named: false, turn, undated: [], unchecked: [], notes: [] };
}

function staying({ upgrade }: Facts): Wish {
  return wishing(upgrade.active?.release ?? null, OPEN);
}

interface Choosing {
  readonly facts: Facts;
  readonly rules: Rules;
  readonly refs: readonly Ref[];
}

/** Without what is withdrawn, what is lower than what ran here, and what lies behind a version that must be passed first. */
function withoutBarred(ranked: readonly Release[], { facts, rules, refs }: Choosing): Release[] {
  const { upgrade, tagPrefix } = facts;
  const active = upgrade.active?.release ?? null;
  // Operators move a branch or a ref by hand, back too: that is meant. What is picked by version may only grow.
  const mayFall = active === null || rules.channel.kind === 'branch' || rules.channel.kind === 'ref';
  const falls = mayFall
    ? -1
    : ranked.findIndex((release) => !ranksAtLeast(release, upgrade.highest, tagPrefix));
  const barrier = nextBarrier({ facts, rules, refs });
  return ranked
    .slice(0, falls < 0 ? ranked.length : falls)
    .filter((release) => !rules.tombstones.some(({ tag }) => isNamed(release, tag, tagPrefix)))
    .filter((release) => barrier === null || (compareVersions(release, barrier, tagPrefix) ?? 0) <= 0);
}

/** The lowest barrier above the active release; a machine without one has nothing to pass. */
function nextBarrier({ facts: { upgrade, tagPrefix }, rules, refs }: Choosing): Release | null {
  const { active } = upgrade;
  if (active === null) return null;
  const above = rules.barriers
    .flatMap((tag) => findTag(tag, refs, tagPrefix) ?? [])
    .filter((barrier) => (compareVersions(barrier, active.release, tagPrefix) ?? 0) > 0);
  return above.sort((a, b) => compareVersions(a, b, tagPrefix) ?? 0).at(0) ?? null;
}

function whyNone(ranked: readonly Release[], { facts, rules, refs }: Choosing): string[] {
  const { observed, tagPrefix, upgrade } = facts;
  const [newest] = ranked;
  if (newest === undefined) {
    if (rules.channel.kind === 'latest') return [whyNoLatest(facts.forge, tagPrefix)];
    const choice = chooseRelease(rules.channel, refs, tagPrefix);
    return choice.found || (refs.length === 0 && observed?.error != null) ? [] : [choice.detail];
  }
  if (ranksAtLeast(newest, upgrade.highest, tagPrefix))
    return [`all that the channel ${rules.channelText} offers is withdrawn or lies behind a barrier`];
  return [
    `the channel's newest is ${describeRelease(newest)}, lower than what ran here; pm2-gitops pin ${newest.tag} to go down`,
  ];
}

/** A machine takes the newest whose turn it is. */
function takeTurn(ahead: readonly Release[], gates: GateFacts): Wish {
  const undated = undatedOf(ahead, gates);
  const unchecked: Release[] = [];
  let waiting: Verdict | null = null;
  for (const release of ahead) {
    const turn = turnOf(release, gates);
    if (turn.open)
      return { ...wishing(release, turn), unchecked, notes: waiting?.open === false ? [waiting.detail] : [] };
    waiting ??= turn;
    if (undated.includes(release)) return { ...wishing(ahead[0] ?? release, waiting), undated };
    if (unchecked.length < MOST_UNCHECKED && isUnchecked(release, gates)) unchecked.push(release);
  }
  return { ...wishing(ahead[0] ?? null, waiting ?? OPEN), unchecked };
}

/** Only its checks keep the machine from taking it, and they are to be read. */
function isUnchecked(release: Release, gates: GateFacts): boolean {
  const others = TURN_GATES.filter((name) => name !== 'checks');
  return areChecksDue(release, gates) && firstClosed(askGates(release, gates, others)).open;
}

/** A fresh machine has nothing to lose: it takes the newest that every machine has, else the one that has been out for longest. */
function takeFirst(ahead: readonly Release[], gates: GateFacts): Wish {
  const allowed = ahead.filter((release) => firstClosed(askGates(release, gates, FIRST_GATES)).open);
  if (gates.hurried || !asksForAge(gates.rules) || allowed.length === 0) return takeTurn(ahead, gates);
  const undated = undatedOf(allowed, gates);
  const whole = allowed.find((release) => isOutWhole(release, gates) || undated.includes(release));
  if (whole !== undefined && undated.includes(whole))
    return { ...wishing(whole, turnOf(whole, gates)), undated };
  const [longest] = allowed.toSorted((a, b) => bornAt(a, gates) - bornAt(b, gates));
  return wishing(whole ?? longest ?? null, OPEN);
}

function turnOf(release: Release, gates: GateFacts): Verdict {
  return firstClosed(askGates(release, gates, TURN_GATES));
}

function undatedOf(releases: readonly Release[], gates: GateFacts): Release[] {
  if (gates.hurried || !asksForAge(gates.rules)) return [];
  return releases.filter((release) => birthOf(release, gates) === null).slice(0, MOST_UNDATED);
}

function bornAt(release: Release, gates: GateFacts): number {
  return birthOf(release, gates)?.at ?? Number.NEGATIVE_INFINITY;
}

function indexOr(releases: readonly Release[], wanted: Release | null): number {
  const index = releases.findIndex((release) => sameRelease(release, wanted));
  return index < 0 ? releases.length : index;
}
