import { admits } from './channel.js';
import { decide, wishFacts, type Decision } from './decide.js';
import type { Facts } from './facts.js';
import { tombstoneGate } from './gates.js';
import { openingsAround, openingTurn } from './opening.js';
import type { MachineIdentity, Policy } from './policy.js';
import { sameRelease, type Instant, type Release } from './release.js';
import { foreseenFacts, foreseenRules, madeUp, plainly } from './rollout-facts.js';
import type { OwnRules, Rules } from './rules.js';
import { dueTurn, intervalSchedule, spread, type IntervalSchedule } from './turn.js';
import type { Reason } from './verdict.js';

/** A release that comes out under a policy: what is asked is who gets it, and when. */
export interface Rollout {
  readonly policy: Policy;
  readonly tag: string;
  /** The tag that every machine serves before it. */
  readonly from: string;
  /** When it is pushed. */
  readonly out: Instant;
  /** What the machines' own files say. */
  readonly own: OwnRules;
  readonly pollEveryMs: number;
  readonly tagPrefix: string;
  readonly zone: string;
  /** The place of a machine, in [0, 1), in the wave of a tag. */
  readonly placeOf: (machineId: string, tag: string) => number;
}

/** What becomes of the release on one machine. */
export interface Arrival {
  readonly machine: MachineIdentity;
  readonly group: string | null;
  /** As it is written. */
  readonly channel: string;
  readonly canary: boolean;
  /** What it waits for on the way, in the order in which it does. */
  readonly waits: readonly Wait[];
  readonly fate: Fate;
}

/** A closed gate, from the look that met it to the look that found it open. */
export interface Wait {
  readonly reason: Reason;
  readonly detail: string;
  readonly from: Instant;
  readonly to: Instant;
}

/** `at`: the look at which the machine takes it. `channel` and `barrier`: it is not for this machine. */
export type Fate =
  | { readonly gets: true; readonly at: Instant }
  | { readonly gets: false; readonly reason: Reason | 'channel' | 'barrier'; readonly detail: string };

// Whoever waits for longer waits for ever, as far as anybody plans.
const HORIZON_DAYS = 400;
const DAY_MS = 86_400_000;

/**
 * Who gets a release, and when: each machine's own decision, asked at its own looks, from the moment at which the tag is out.
 * Foreseen is a machine that is on, reaches the source, stages at once, and whose people give no orders.
 */
export function foresee(rollout: Rollout, machine: MachineIdentity): Arrival {
  const schedule = intervalSchedule(rollout.pollEveryMs, machine.id);
  const first = turnFrom(schedule, rollout.out);
  const { group, channelText, canary } = foreseenRules(rollout, machine, first);
  let walk: Walk = { at: first, active: madeUp(rollout.from), staged: madeUp(rollout.tag), waits: [] };
  for (;;) {
    const facts = foreseenFacts(rollout, machine, { ...walk, first });
    const step = walk.at > first + HORIZON_DAYS * DAY_MS ? tooLate(walk) : stepOf(rollout, walk, facts);
    if ('fate' in step)
      return { machine, group, channel: channelText, canary, waits: walk.waits, fate: step.fate };
    const rules = foreseenRules(rollout, machine, walk.at);
    walk = { ...step, at: lookFrom(step.at, rules, { schedule, share: spread(machine.id) }) };
  }
}

/** The first turn of a grid that is not before a moment. */
export function turnFrom(schedule: IntervalSchedule, at: Instant): Instant {
  return dueTurn(schedule, Math.ceil(at) + schedule.everyMs - 1);
}

/** The first look that is not before a moment: a turn of the grid, or one in an opening that would be over before it. */
function lookFrom(
  at: Instant,
  { windows, freezes }: Rules,
  { schedule, share }: { schedule: IntervalSchedule; share: number },
): Instant {
  const next = turnFrom(schedule, at);
  if (windows.length === 0) return next;
  for (const spell of openingsAround(windows, freezes, at)) {
    if (spell.from >= next) break;
    const turn = openingTurn(spell, { next, share });
    if (turn !== null && turn >= at) return turn;
  }
  return next;
}

/** A machine on its way. */
interface Walk {
  readonly at: Instant;
  readonly active: Release;
  readonly staged: Release;
  readonly waits: readonly Wait[];
}

type Step = Walk | { readonly fate: Fate };

/** What a look leads to: the end, or what is to be seen at the first look from `at` on. */
function stepOf(rollout: Rollout, walk: Walk, facts: Facts): Step {
  const decision = decide(facts);
  const { desired, why, step } = decision;
  if (step === 'activate' && sameRelease(desired, madeUp(rollout.tag)))
    return { fate: { gets: true, at: walk.at } };
  // A barrier, or what the policy pins, comes first.
  if (step === 'activate' && desired !== null) return { ...walk, active: desired, at: walk.at + 1 };
  if (step === 'stage' && desired !== null) return { ...walk, staged: desired };
  if (why?.until == null || why.until <= walk.at) return { fate: refusal(rollout, decision, facts) };
  const { reason, until } = why;
  const wait = { reason, detail: plainly(why.detail), from: walk.at, to: until };
  return { ...walk, at: until, waits: [...walk.waits, wait] };
}

function refusal({ tag, tagPrefix }: Rollout, { why, notes }: Decision, facts: Facts): Fate {
  const { rules, gates } = wishFacts(facts);
  const withdrawn = tombstoneGate(madeUp(tag), gates);
  const closed = why ?? (withdrawn.open ? null : withdrawn);
  if (closed !== null) return { gets: false, reason: closed.reason, detail: plainly(closed.detail) };
  if (!admits(rules.channel, madeUp(tag), tagPrefix))
    return {
      ...{ gets: false, reason: 'channel' },
      detail: `the channel ${rules.channelText} does not take ${tag}`,
    };
  const detail = notes.at(-1) ?? `${tag} is not ahead of what these machines serve`;
  return { gets: false, reason: 'barrier', detail: plainly(detail) };
}

function tooLate({ waits }: Walk): Step {
  const last = waits.at(-1);
  const detail = `not within ${HORIZON_DAYS} days: ${last?.detail ?? ''}`;
  return { fate: { gets: false, reason: last?.reason ?? 'window', detail } };
}
