import type { HealthConfig } from '../config/health.js';
import type { RestartConfig } from '../config/release.js';
import { plainText } from '../domain/plain.js';
import type { Incarnation } from '../domain/process.js';
import { redactUrls } from '../domain/redact.js';
import type { Release } from '../domain/release.js';
import type { Report } from '../domain/report.js';
import type { Clock } from '../os/clock.js';
import type { Env } from '../os/env.js';
import type { ChildLedger } from '../os/run.js';
import type { ExitWatch } from './exits.js';
import type { ListedProcess } from './processes.js';
import type { Daemon } from './rpc.js';
import type { DaemonPlace } from './socket.js';

/** What is to change over, and what proves it. */
export interface RollPlan {
  /** Finds the root's processes among all of the daemon's. */
  readonly targets: (all: readonly ListedProcess[]) => readonly ListedProcess[];
  /** What lived right after the switch, so with the former code: each must be gone at the end. */
  readonly old: readonly Incarnation[];
  /** Known to be healthy. What is neither old nor among these, and began while nobody listened to pm2, changes over again; null: nothing does. */
  readonly proven: readonly Incarnation[] | null;
  readonly restart: RestartConfig;
  readonly health: HealthConfig;
  /** The release that is proven: what answers, may have to name it. */
  readonly release: Pick<Release, 'tag' | 'commit'>;
  /** The environment and folder of `health.command`. */
  readonly env: Env;
  readonly cwd: string;
}

/** What a roll works with. */
export interface RollTools extends DaemonPlace {
  readonly daemon: Daemon;
  readonly clock: Clock;
  readonly report: Report;
  readonly children?: ChildLedger | undefined;
  /** A watch that has been listening since before a first start: pm2 tells what fails to load once, and only then. */
  readonly exits?: ExitWatch | undefined;
  /** Is told which incarnations have been proven, before anything else is touched. */
  readonly onProven?: (lives: readonly Incarnation[]) => Promise<void>;
}

/** How a roll ended; `process` is the one at fault, as people call it (`web 0`), if it is one. */
export type RollOutcome = { readonly healthy: true } | Unhealthy;

export interface Unhealthy {
  readonly healthy: false;
  readonly cause: string;
  readonly process: string | null;
  /** Who kept it from being proven: the release itself, others who never let its processes be, or a pm2 that does not end a former one. */
  readonly by: 'release' | 'others' | 'pm2';
}

/** An unhealthy outcome. What an app or a command said may hold anything: its cause is kept and shown in many places. */
export function unhealthy(cause: string, process: string | null = null): Unhealthy {
  return { healthy: false, cause: redactUrls(plainText(cause)), process, by: 'release' };
}

/** A roll under way. */
export interface Rolling {
  readonly plan: RollPlan;
  readonly tools: RollTools;
  readonly exits: ExitWatch;
  /** Whom somebody stopped or deleted meanwhile, by pm id. */
  readonly left: Set<number>;
  readonly signal: AbortSignal;
}

/** Goes on without a process: what somebody else does to it says nothing about the release. */
export function leaveOut({ name, pmId }: ListedProcess, why: string, { left, tools }: Rolling): void {
  left.add(pmId);
  tools.report.step(`${name} ${pmId}: ${why}; it is left out`);
}
