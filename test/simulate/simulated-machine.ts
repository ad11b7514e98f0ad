import { placeOf } from '../../src/agent/identity.js';
import type { Dates } from '../../src/domain/age.js';
import { decide, type Decision } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { next } from '../../src/domain/next.js';
import { afterLook, type Observed } from '../../src/domain/observed.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import type { MachineIdentity, PolicyState } from '../../src/domain/policy.js';
import type { Instant, Release } from '../../src/domain/release.js';
import type { OwnRules } from '../../src/domain/rules.js';
import { NO_FORGE } from '../../src/domain/forge.js';
import { NO_TRUST } from '../../src/domain/trust.js';
import { FRESH, type Event, type Upgrade } from '../../src/domain/upgrade.js';
import type { World } from './world.js';

/** What all machines have in common. */
export interface Habits {
  readonly own: OwnRules;
  readonly pollEveryMs: number;
  readonly zone: string;
}

/** A release that began to serve on a machine, and whether it stayed. */
export interface Activation {
  readonly machine: MachineIdentity;
  readonly tag: string;
  readonly at: Instant;
  readonly outcome: 'activated' | 'rolledBack';
}

// A look leads to a policy that is read, dates that are read, a release that is let go, staged, activated: never to more.
const MOST_STEPS = 8;
const ROOMY: Facts['disk'] = { at: 'writable', path: '', bytes: Number.MAX_SAFE_INTEGER, files: null };

/** A machine whose every thought is the product's: looks, decisions and phases; only the work itself is made up, and takes no time. */
export class SimulatedMachine {
  readonly identity: MachineIdentity;
  readonly #habits: Habits;
  #upgrade: Upgrade;
  #observed: Observed | null = null;
  #policy: PolicyState = { at: 'unread', detail: 'it was never seen', tried: null };
  #dates: Dates = {};
  #why: Decision['why'] = null;
  #asleepUntil: Instant = Number.NEGATIVE_INFINITY;
  #decisions = 0;

  constructor(identity: MachineIdentity, active: Release | null, habits: Habits) {
    this.identity = identity;
    this.#habits = habits;
    this.#upgrade =
      active === null
        ? FRESH
        : {
            ...{ ...FRESH, active: { release: active, since: 0, apps: null }, highest: active },
            trail: [{ commit: active.commit, at: 0 }],
          };
  }

  /** The tag that serves. */
  get serves(): string | null {
    return this.#upgrade.active?.release.tag ?? null;
  }

  /** How often it was asked what to do. */
  get decisions(): number {
    return this.#decisions;
  }

  /** What held it back at its last look. */
  get why(): Decision['why'] {
    return this.#why;
  }

  /** One turn of its poller, and what comes of it. `thorough`: it thinks also where nothing can have changed. */
  poll(world: World, now: Instant, thorough: boolean): Activation | null {
    const refs = world.refsAt(now);
    const tip = world.tipAt(now);
    const before = this.#observed;
    if (!thorough && before?.refs === refs && before.policy === tip.commit && now < this.#asleepUntil) {
      this.#observed = { ...before, turn: now, at: now, looks: before.looks + 1 };
      return null;
    }
    return this.#think(world, afterLook(before, refs, { turn: now, at: now, tagPrefix: '' }), now);
  }

  #think(world: World, look: Observed, now: Instant): Activation | null {
    const tip = world.tipAt(now);
    this.#observed = { ...look, policy: tip.commit };
    this.#asleepUntil = now;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      this.#decisions += 1;
      const decision = decide(this.#facts(now));
      this.#why = decision.why;
      const { desired } = decision;
      switch (decision.step) {
        case 'learn':
          this.#policy = {
            at: 'read',
            policy: tip.policy,
            commit: tip.commit,
            tried: tip.commit,
            problem: null,
          };
          this.#learnDates(decision.lack.undated, world);
          continue;
        case 'finish':
          this.#happens({ type: 'superseded' });
          continue;
        case 'stage':
          if (desired !== null) this.#stage(desired);
          continue;
        case 'activate':
          return desired === null ? null : this.#activate(desired, world, now);
        default:
          this.#asleepUntil = this.#nextChange(decision, look);
          return null;
      }
    }
    throw new Error(`${this.identity.name} does not come to rest: ${JSON.stringify(this.#why)}`);
  }

  /** Refs and policy aside: with one release ahead the gate that is told opens first; a machine with nothing to do has nothing to wait for. */
  #nextChange({ behind, why }: Decision, { refs }: Observed): Instant {
    if (!behind) return why === null ? Number.POSITIVE_INFINITY : (why.until ?? Number.POSITIVE_INFINITY);
    const active = refs.findIndex(({ commit }) => commit === this.#upgrade.active?.release.commit);
    const isAlone = active === refs.length - 2;
    return isAlone && why !== null ? (why.until ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
  }

  #stage(release: Release): void {
    this.#happens({ type: 'superseded' });
    this.#happens({ type: 'desired', release, run: '' });
    this.#happens({ type: 'staged' });
  }

  #activate({ commit }: Release, world: World, at: Instant): Activation {
    const { tag, crashes } = world.releaseOf(commit);
    this.#happens({ type: 'opened', old: [] });
    this.#happens({ type: 'activated', old: [], at });
    if (crashes) {
      this.#happens({ type: 'unhealthy', cause: 'it crashes', at });
      this.#happens({ type: 'switchedBack', bad: [], at });
      this.#happens({ type: 'rolledBack' });
    } else this.#happens({ type: 'healthy', apps: null, ranks: true, at });
    return { machine: this.identity, tag, at, outcome: crashes ? 'rolledBack' : 'activated' };
  }

  #happens(event: Event): void {
    this.#upgrade = next(this.#upgrade, event);
  }

  #learnDates(undated: readonly Release[], world: World): void {
    const read = undated.map(({ ref, commit }): [string, Dates[string]] => [
      ref ?? '',
      { commit, at: world.releaseOf(commit).out },
    ]);
    this.#dates = { ...this.#dates, ...Object.fromEntries(read) };
  }

  #facts(now: Instant): Facts {
    return {
      ...{ upgrade: this.#upgrade, observed: this.#observed, policy: this.#policy, dates: this.#dates },
      ...{ machine: this.identity, ...this.#habits, orders: NO_ORDERS, request: NO_REQUEST, tagPrefix: '' },
      placeOf: ({ tag }) => placeOf(this.identity.id, tag),
      ...{
        disk: ROOMY,
        trust: NO_TRUST,
        forge: NO_FORGE,
        underWay: false,
        drift: [],
        driftPolicy: 'repair',
        now,
      },
    };
  }
}
