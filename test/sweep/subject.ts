import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { Release } from '../../src/domain/release.js';
import type { Strategy } from '../../src/config/machine.js';
import { layoutOf, type Layout } from '../../src/state/layout.js';
import { readJournal } from '../../src/state/journal.js';
import type { AppSpec } from '../bed/app.js';
import type { Disk } from '../bed/disk.js';
import { Machine } from '../bed/machine.js';
import { claimPorts } from '../bed/place.js';
import { Remote } from '../bed/remote.js';
import { waitFor } from '../bed/wait.js';
import { fixtureFiles, recipeOf, SHARED, type FixtureOutcome } from './fixture.js';
import { killTree } from './kill-tree.js';
import { readTrace, type Plan, type Point } from './plan.js';

/** A release of the sweep, and the files that it has. */
export interface Tagged extends Release {
  readonly outcome: FixtureOutcome;
  readonly files: Readonly<Record<string, string>>;
}

/** How a machine came to rest. */
export interface Rest {
  readonly points: readonly Point[];
  /** Workers that it took. */
  readonly visits: number;
  /** How often an hour had to pass before the poller went on. */
  readonly waits: number;
  /** Why it did not come to rest, or null. */
  readonly wedge: string | null;
}

/** What a poller holds, beside what came of its poll. */
export interface Poll {
  readonly polled: string;
  readonly rss: number;
  readonly heapUsed: number;
  readonly files: number;
}

const POLLER = fileURLToPath(new URL('./poller-program.js', import.meta.url));
const KILLER = new URL('./killer-program.js', import.meta.url);
const INSTANCES = 2;
/** The branch of the fleet's policy. */
const POLICY = 'fleet';
const MAX_POLLS = 20;
const HANG_MS = 60_000;
const HOUR_MS = 3_700_000;

const HARMLESS = { journalLate: false, aheadMs: 0, cuts: null, unsynced: null };

/** What a plan may do to workers beside killing them. */
type Seeded = Pick<Plan, 'journalLate' | 'cuts' | 'unsynced'>;

const pollSchema = v.object({ polled: v.string(), rss: v.number(), heapUsed: v.number(), files: v.number() });

/** A machine with one root, whose workers are killed as planned and whose poller goes on. */
export class Subject {
  readonly machine: Machine;
  readonly remote: Remote;
  readonly strategy: Strategy;
  readonly layout: Layout;
  readonly apps: readonly AppSpec[];
  /** Every release that was tagged, by commit. */
  readonly tagged = new Map<string, Tagged>();
  #poller: ChildProcess | null = null;
  #plans = 0;
  #plan: Plan;

  private constructor(cast: {
    machine: Machine;
    remote: Remote;
    strategy: Strategy;
    apps: readonly AppSpec[];
  }) {
    this.machine = cast.machine;
    this.remote = cast.remote;
    this.strategy = cast.strategy;
    this.apps = cast.apps;
    this.layout = layoutOf(cast.machine.root);
    this.#plan = { journal: this.layout.journal, trace: '', kills: [], ...HARMLESS };
  }

  /** A machine that runs v1.0.0, managed. */
  static async open(strategy: Strategy, disk: Disk | null = null): Promise<Subject> {
    const remote = await Remote.open();
    const machine = await Machine.open({ disk });
    const apps = [{ name: 'web', port: await claimPorts(20), instances: INSTANCES }];
    const subject = new Subject({ machine, remote, strategy, apps });
    await subject.tag('good');
    if (strategy === 'checkout') await subject.#deploy();
    else await subject.#begin();
    await machine.configure({ poll: '300d', keep: 2, policy: { ref: POLICY } });
    return subject;
  }

  get ports(): number[] {
    const [first = 0] = this.apps.map(({ port }) => port);
    return Array.from({ length: INSTANCES }, (_, index) => first + index);
  }

  /** The process that embeds the agent. */
  get poller(): ChildProcess | null {
    return this.#poller;
  }

  /** Tags the next version, and publishes a policy that a worker has to read first. */
  async tag(outcome: FixtureOutcome): Promise<Tagged> {
    const tag = `v1.0.${this.tagged.size}`;
    const policy = { version: this.tagged.size + 1, approved: [tag] };
    await this.remote.commit({ 'fleet.json': JSON.stringify(policy) }, tag, { branch: POLICY });
    const files = fixtureFiles(tag, this.apps, outcome);
    const commit = await this.remote.release(tag, files);
    const release = { tag, commit, ref: `refs/tags/${tag}`, outcome, files };
    this.tagged.set(commit, release);
    return release;
  }

  /** What the next workers are to suffer. */
  async plan(kills: Plan['kills'], seeded: Partial<Seeded> = {}): Promise<void> {
    this.#plans += 1;
    const trace = this.machine.path('tmp', `trace-${this.#plans}`);
    const { aheadMs } = this.#plan;
    await this.#write({ ...this.#plan, ...HARMLESS, aheadMs, trace, kills, ...seeded });
  }

  /** Polls, and lets each worker end or die, until there is nothing left to do. */
  async comeToRest(): Promise<Rest> {
    let [visits, waits] = [0, 0];
    const rest = (wedge: string | null): Rest => ({
      points: readTrace(this.#plan.trace),
      visits,
      waits,
      wedge,
    });
    for (let polls = 0; polls < MAX_POLLS; polls += 1) {
      const { polled } = await this.poll();
      // An agent takes turns of its own as well: whoever launched them, all workers are waited for.
      for (let more = polled === 'launched'; more || this.#begun() > visits; more = false) {
        const hang = await this.#workerEnds(visits);
        if (hang !== null) return rest(hang);
        visits += 1;
      }
      if (polled === 'launched' || polled === 'busy') continue;
      if (polled !== 'rested') return rest(`the poller said ${polled}`);
      if (!(await this.#waits())) return rest(null);
      waits += 1;
      await this.#passTime();
    }
    return rest(`no rest after ${MAX_POLLS} polls`);
  }

  /** One poll of the embedded agent. */
  async poll(): Promise<Poll> {
    const poller = (this.#poller ??= this.#startPoller());
    const answered = once(poller, 'message', { signal: AbortSignal.timeout(HANG_MS) });
    poller.send('poll');
    const told: unknown = (await answered)[0];
    const parsed = v.safeParse(pollSchema, told);
    return parsed.success ? parsed.output : { polled: JSON.stringify(told), rss: 0, heapUsed: 0, files: 0 };
  }

  /** The next poll is that of a fresh process. */
  endPoller(): void {
    this.#poller?.kill('SIGKILL');
    this.#poller = null;
  }

  /** Forgets all that the root knows, as if it had just been made: the next worker adopts the checkout, or starts the apps. */
  async forget(): Promise<void> {
    this.endPoller();
    await rm(this.layout.state, { recursive: true, force: true });
    if (this.strategy === 'checkout') return;
    await this.machine.pm2(['delete', 'all']);
    await rm(this.layout.releases, { recursive: true, force: true });
    await rm(this.layout.current, { force: true });
  }

  async close(): Promise<void> {
    this.endPoller();
    await this.machine.close();
    await this.remote.close();
  }

  async #deploy(): Promise<void> {
    const { machine, layout, remote } = this;
    await machine.must('git', ['clone', '--quiet', remote.url, layout.root], { cwd: machine.path() });
    await machine.must('git', ['-c', 'advice.detachedHead=false', 'checkout', '--quiet', 'v1.0.0']);
    const { install, build } = recipeOf('v1.0.0');
    await machine.must('/bin/sh', ['-c', `${install} && ${build} && mkdir ${SHARED}`]);
    await machine.pm2(['start', 'ecosystem.config.cjs']);
    await machine.must('git', ['status']);
    await mustDo(machine, ['init', '--yes']);
  }

  async #begin(): Promise<void> {
    await mustDo(this.machine, ['init', this.remote.url, '--yes']);
    await mustDo(this.machine, ['apply', '--start-pm2']);
  }

  #startPoller(): ChildProcess {
    return fork(POLLER, [this.layout.root], {
      cwd: this.machine.root,
      env: this.machine.env,
      execArgv: ['--expose-gc', '--import', `${KILLER.href}?plan=${this.#planPath}`],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  #begun(): number {
    return new Set(readTrace(this.#plan.trace).map(({ visit }) => visit)).size;
  }

  async #workerEnds(visit: number): Promise<string | null> {
    const begin = await waitFor(`worker ${visit}`, () =>
      readTrace(this.#plan.trace).find((point) => point.visit === visit && point.kind === 'begin'),
    );
    try {
      await waitFor('its end', () => !isAlive(begin.pid), { limitMs: HANG_MS, everyMs: 10 });
      return null;
    } catch {
      killTree(begin.pid);
      process.kill(begin.pid, 'SIGKILL');
      return `worker ${visit} did not end within ${HANG_MS / 1_000} s`;
    }
  }

  /** Whether something is to be tried again later by itself. */
  async #waits(): Promise<boolean> {
    const known = await readJournal(this.layout.journal);
    return (known?.upgrade.backoff ?? null) !== null;
  }

  async #passTime(): Promise<void> {
    await this.#write({ ...this.#plan, aheadMs: this.#plan.aheadMs + HOUR_MS });
    this.endPoller();
  }

  get #planPath(): string {
    return this.machine.path('plan.json');
  }

  async #write(plan: Plan): Promise<void> {
    this.#plan = plan;
    await mkdir(this.machine.path('tmp'), { recursive: true });
    await writeFile(this.#planPath, JSON.stringify(plan));
  }
}

async function mustDo(machine: Machine, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await machine.cli(args);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}:\n${stdout}\n${stderr}`);
}

/** A zombie that nobody has buried yet is dead. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
