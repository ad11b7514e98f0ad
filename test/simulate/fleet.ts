import type { MachineIdentity, Policy } from '../../src/domain/policy.js';
import type { Instant } from '../../src/domain/release.js';
import { ownRules } from '../domain/facts.js';
import { HOUR_MS, MINUTE_MS } from '../domain/fleet.js';
import { simulate, type Outcome, type Scenario } from './simulate.js';
import { SimulatedMachine, type Habits } from './simulated-machine.js';
import { simulatedRelease, World, type SimulatedRelease } from './world.js';

/** When releases come out, in simulations; any moment would do. */
export const START: Instant = Date.parse('2026-11-24T00:00:00Z');
/** What every machine serves at first. */
export const FIRST: SimulatedRelease = simulatedRelease('v1.0.0', 0);
/** What comes out at the start, when each machine has looked once. */
export const SECOND: SimulatedRelease = simulatedRelease('v1.1.0', 1, { out: START });

const POLL_MS = 5 * MINUTE_MS;
const HABITS: Habits = { own: ownRules(), pollEveryMs: POLL_MS, zone: 'UTC' };

/** What a simulation is about; what is left out is what is usual. */
export interface Fleet extends Partial<Omit<Scenario, 'machines' | 'world'>> {
  readonly policy: Policy;
  readonly roster: readonly MachineIdentity[];
  readonly releases?: readonly SimulatedRelease[];
  readonly zone?: string;
  /** What operators push in the course of it. */
  readonly pushes?: (world: World) => void;
}

/** Runs a fleet that serves v1.0.0, from one poll before the start on. */
export function run(fleet: Fleet): Outcome {
  const { policy, roster, releases = [FIRST, SECOND], pollEveryMs = POLL_MS, zone = 'UTC' } = fleet;
  const world = new World(releases, policy);
  fleet.pushes?.(world);
  const habits = { ...HABITS, pollEveryMs, zone };
  const machines = roster.map(
    (identity) => new SimulatedMachine(identity, released(releases[0] ?? FIRST), habits),
  );
  return simulate({
    ...{ start: START - pollEveryMs, spanMs: 25 * HOUR_MS, holdAfterMs: null, thorough: false },
    ...fleet,
    ...{ world, machines, pollEveryMs },
  });
}

/** A machine of that name in the usual fleet; `active` null: a fresh one. */
export function machineOf(identity: MachineIdentity, active: SimulatedRelease | null): SimulatedMachine {
  return new SimulatedMachine(identity, active === null ? null : released(active), HABITS);
}

function released({ tag, commit }: SimulatedRelease): { tag: string; commit: string; ref: string } {
  return { tag, commit, ref: `refs/tags/${tag}` };
}
