import type { Policy } from '../../src/domain/policy.js';
import type { Instant } from '../../src/domain/release.js';
import { turnFrom } from '../../src/domain/rollout.js';
import { intervalSchedule, type IntervalSchedule } from '../../src/domain/turn.js';
import type { Activation, SimulatedMachine } from './simulated-machine.js';
import type { World } from './world.js';

/** A fleet, and what happens to it. */
export interface Scenario {
  readonly world: World;
  readonly machines: readonly SimulatedMachine[];
  readonly start: Instant;
  readonly spanMs: number;
  readonly pollEveryMs: number;
  /** So long after the first machine has rolled a release back, the operator pushes a hold; null: nobody does. */
  readonly holdAfterMs: number | null;
  /** Every look is thought about, also where nothing can have changed. */
  readonly thorough: boolean;
}

/** What came of it. */
export interface Outcome {
  /** In their order. */
  readonly activations: readonly Activation[];
  /** How many machines looked in each second since the start. */
  readonly looks: Uint32Array;
  /** When the operator's hold was pushed, or null. */
  readonly heldAt: Instant | null;
  /** How often a machine was asked what to do. */
  readonly decisions: number;
}

interface Poller {
  readonly machine: SimulatedMachine;
  readonly schedule: IntervalSchedule;
  readonly first: Instant;
}

/** Runs a fleet on a virtual clock: look after look, in the order in which they come. */
export function simulate(scenario: Scenario): Outcome {
  const { world, machines, start, spanMs, pollEveryMs, holdAfterMs, thorough } = scenario;
  const pollers = machines
    .map((machine): Poller => {
      const schedule = intervalSchedule(pollEveryMs, machine.identity.id);
      return { machine, schedule, first: turnFrom(schedule, start) };
    })
    .sort((a, b) => a.first - b.first);
  const looks = new Uint32Array(Math.ceil(spanMs / 1_000));
  const activations: Activation[] = [];
  let heldAt: Instant | null = null;
  // All look equally often, so the order of the first looks is the order of all that follow.
  for (let roundMs = 0; roundMs < spanMs; roundMs += pollEveryMs)
    for (const { machine, first } of pollers) {
      const now = first + roundMs;
      if (now >= start + spanMs) continue;
      const second = Math.floor((now - start) / 1_000);
      looks[second] = (looks[second] ?? 0) + 1;
      const activation = machine.poll(world, now, thorough);
      if (activation === null) continue;
      activations.push(activation);
      if (activation.outcome === 'activated' || holdAfterMs === null || heldAt !== null) continue;
      heldAt = now + holdAfterMs;
      world.push(heldAt, held);
    }
  const decisions = machines.reduce((sum, machine) => sum + machine.decisions, 0);
  return { activations, looks, heldAt, decisions };
}

/** The policy with a stop of all changes on every machine. */
export function held(policy: Policy): Policy {
  const hold = { reason: 'a release fails', until: null };
  const groups = policy.groups.map((group) => ({ ...group, rules: { ...group.rules, hold } }));
  return { ...policy, rules: { ...policy.rules, hold }, groups };
}
