import { incarnations, type Incarnation } from '../../src/domain/process.js';
import { systemClock } from '../../src/os/clock.js';
import { listProcesses, selectProcesses, type ListedProcess } from '../../src/runtime/processes.js';
import { roll, type RollOutcome, type RollPlan } from '../../src/runtime/roll.js';
import { terminalEnv, testSignal, type TestDaemon } from './daemon.js';

/** A roll that has ended: what it said, and what runs now. */
export interface Rolled {
  readonly outcome: RollOutcome;
  readonly lines: readonly string[];
  readonly before: readonly ListedProcess[];
  readonly after: readonly ListedProcess[];
  readonly tookMs: number;
  /** What it told to have proven. */
  readonly proven: readonly Incarnation[];
}

const RELEASE = { tag: 'v1.1.0', commit: 'c'.repeat(40) };

/** Rolls all processes of the test's root with a short settle time. */
export async function rollRoot(target: TestDaemon, changes: Partial<RollPlan> = {}): Promise<Rolled> {
  const signal = testSignal();
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const before = await listProcesses(target.daemon, signal);
  const plan: RollPlan = {
    targets: (all) => selectProcesses(all, { roots: [target.root], apps: null }),
    old: incarnations(before),
    proven: [],
    restart: { mode: 'auto', first: 1, batch: null },
    health: health({}),
    release: RELEASE,
    env: terminalEnv(target.home),
    cwd: target.root,
    ...changes,
  };
  const proven: Incarnation[] = [];
  const tools = {
    ...target.place,
    daemon: target.daemon,
    clock: systemClock(),
    report: { step: note, output: note },
    onProven: (lives: readonly Incarnation[]) => Promise.resolve(void proven.push(...lives)),
  };
  const startMs = performance.now();
  const outcome = await roll(plan, tools, signal);
  const tookMs = performance.now() - startMs;
  return { outcome, lines, before, after: await listProcesses(target.daemon, signal), tookMs, proven };
}

/** The health of a plan, with some of it changed. */
export function health(changes: Partial<RollPlan['health']>): RollPlan['health'] {
  const expect = { status: null, body: null, header: {} };
  return { url: null, expect, command: null, settleMs: 500, timeoutMs: 2_000, ...changes };
}
