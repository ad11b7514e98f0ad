/** How a release is built, run and checked: the `gitops` key of its `ecosystem.config.cjs`, with every default filled in. */
export interface ReleaseConfig {
  /** `auto`: by lockfile; a shell command; or false. */
  readonly install: 'auto' | false | string;
  readonly build: string | null;
  /** Paths relative to the release that all releases share (uploads, `.env`, a database). */
  readonly shared: readonly string[];
  /** Names of the pm2 apps that belong to it; null: by folder. */
  readonly apps: readonly string[] | null;
  readonly restart: RestartConfig;
  readonly health: HealthConfig;
  readonly hooks: Readonly<Record<HookName, string | null>>;
  readonly rollback: 'auto' | 'never';
  readonly timeouts: Timeouts;
}

export type HookName = 'afterStage' | 'beforeActivate' | 'afterActivate' | 'afterRollBack';

/** How processes change over. */
export interface RestartConfig {
  /** `auto`: reload cluster instances, restart fork ones. */
  readonly mode: 'auto' | 'restart' | 'reload';
  /** How many processes must prove the release before the others are touched. */
  readonly first: number;
  /** How many change over at once after that; null: all the rest. */
  readonly batch: number | null;
}

/** What proves a process. */
export interface HealthConfig {
  /** Must answer 2xx or 3xx, from a process of this release. */
  readonly url: string | null;
  /** A shell command that must exit 0. */
  readonly command: string | null;
  /** How long a new process must live, the same pid, before it counts. */
  readonly settleMs: number;
  /** How long the probes may take to turn healthy. */
  readonly timeoutMs: number;
}

/** Wall-clock limits in milliseconds. */
export interface Timeouts {
  readonly fetchMs: number;
  readonly installMs: number;
  readonly buildMs: number;
  readonly hookMs: number;
}
