import type { Strategy } from '../../src/config/machine.js';
import type { Outcome } from '../../src/domain/run.js';
import { runIds } from '../../src/state/runs.js';
import { chooseAttacks, type Attack } from './choose.js';
import type { FixtureOutcome } from './fixture.js';
import { inspect, weightOf, type Complaint, type Expectation } from './inspect.js';
import type { Plan } from './plan.js';
import { Subject, type Rest, type Tagged } from './subject.js';

/** What is killed again and again: how the machine stands, and which release comes. */
export interface Scenario {
  readonly strategy: Strategy;
  /** `fresh`: the root forgets everything before each kill, so that the first worker adopts it or starts its apps. */
  readonly root: 'managed' | 'fresh';
  readonly release: FixtureOutcome;
}

/** One kill, or several in a row, and what came of it. */
export interface Hit {
  readonly scenario: Scenario;
  readonly attack: Attack;
  /** How many of the kills took place: a run may end before its second kill. */
  readonly killed: number;
  readonly waits: number;
  readonly complaints: readonly Complaint[];
  /** What the workers did, where there are complaints. */
  readonly trace: readonly string[];
}

/** The whole matrix. */
export const SCENARIOS: readonly Scenario[] = (['releases', 'checkout'] as const).flatMap((strategy) => [
  ...(['good', 'build fails', 'crashes at start', 'crashes while settling', 'hook hangs'] as const).map(
    (release) => ({ strategy, root: 'managed' as const, release }),
  ),
  { strategy, root: 'fresh', release: 'good' },
]);

const RUN_OUTCOMES: Readonly<Record<FixtureOutcome, Outcome>> = {
  good: 'activated',
  'build fails': 'failed',
  'crashes at start': 'rolledBack',
  'crashes while settling': 'rolledBack',
  'hook hangs': 'rolledBack',
};
// Names differ in length from version to version, and a few files do from run to run.
const SLACK_BYTES = 16 * 1024;
const REFRESH_EVERY = 25;

/** Kills the workers of one machine after another and looks at what comes of it. */
export class Campaign {
  readonly #strategy: Strategy;
  #subject: Subject | null = null;
  #serves: Tagged | null = null;
  #maxBytes = 0;
  #failures = 0;

  constructor(strategy: Strategy) {
    this.#strategy = strategy;
  }

  get subject(): Subject | null {
    return this.#subject;
  }

  /** A run of the scenario without kills tells its points; kills are then spread over them. */
  async attacksOn(scenario: Scenario, count: number, chance: () => number): Promise<Attack[]> {
    const { rest, complaints } = await this.#run(scenario, []);
    const [first] = complaints;
    if (first !== undefined) throw new Error(`without any kill: ${first.text}`);
    if (rest.visits !== 1) throw new Error(`without any kill it took ${rest.visits} workers`);
    return chooseAttacks(rest.points, count, chance);
  }

  /** Kills a run as planned, lets the machine come to rest, and looks. A machine that broke a promise is not used again. */
  async hit(scenario: Scenario, attack: Attack, { journalLate = false } = {}): Promise<Hit> {
    const { rest, complaints } = await this.#run(scenario, attack.kills, journalLate);
    const trace = rest.points.map(
      ({ visit, point, step, kind, what }) => `${visit} ${point} ${step}: ${kind} ${what}`,
    );
    if (complaints.length > 0) await this.close();
    return {
      ...{ scenario, attack, complaints, waits: rest.waits },
      killed: rest.points.filter(({ kind }) => kind === 'kill').length,
      trace: complaints.length > 0 ? trace : [],
    };
  }

  async close(): Promise<void> {
    await this.#subject?.close();
    this.#subject = null;
  }

  async #run(
    { root, release }: Scenario,
    kills: Plan['kills'],
    journalLate = false,
  ): Promise<{ rest: Rest; complaints: Complaint[] }> {
    const subject = await this.#ready();
    if (root === 'fresh') await subject.forget();
    const before = await runIds(subject.layout);
    const tagged = await subject.tag(release);
    await subject.plan(kills, { journalLate });
    const rest = await subject.comeToRest();
    const complaints = await inspect(subject, this.#expect(tagged, before));
    const wedge = rest.wedge === null ? [] : [{ breach: 'wedge' as const, text: rest.wedge }];
    return { rest, complaints: [...wedge, ...complaints] };
  }

  #expect(tagged: Tagged, before: readonly string[]): Expectation {
    const good = tagged.outcome === 'good';
    if (good) this.#serves = tagged;
    else this.#failures += 1;
    return {
      serves: this.#serves ?? tagged,
      failed: good ? null : tagged,
      outcome: RUN_OUTCOMES[tagged.outcome],
      before,
      maxBytes: this.#maxBytes,
    };
  }

  /** A machine that has gone through two upgrades unharmed: from there on nothing may grow. */
  async #ready(): Promise<Subject> {
    if (this.#subject === null) {
      this.#subject = await Subject.open(this.#strategy);
      this.#maxBytes = Number.POSITIVE_INFINITY;
      this.#failures = 0;
      await this.#upgrade();
      await this.#upgrade();
      this.#maxBytes = (await weightOf(this.#subject)) + SLACK_BYTES;
    }
    if (this.#failures >= REFRESH_EVERY) await this.#refresh(this.#subject);
    return this.#subject;
  }

  /** An operator lets the failed ones be tried again, and they are passed over by a newer one: the journal stays short. */
  async #refresh(subject: Subject): Promise<void> {
    this.#failures = 0;
    await subject.tag('good').then(async (tagged) => {
      await subject.machine.cli(['retry']);
      this.#serves = tagged;
    });
    await subject.plan([]);
    const { wedge } = await subject.comeToRest();
    if (wedge !== null) throw new Error(`without any kill: ${wedge}`);
  }

  async #upgrade(): Promise<void> {
    const { complaints } = await this.#run(
      { strategy: this.#strategy, root: 'managed', release: 'good' },
      [],
    );
    const [first] = complaints;
    if (first !== undefined) throw new Error(`without any kill: ${first.text}`);
  }
}
