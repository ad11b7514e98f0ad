import * as v from 'valibot';
import { health, type HealthConfig } from './health.js';
import { command, duration, section } from './forms.js';
import { explainIssues } from './issues.js';

/** How a release is built, run and checked: the `gitops` key of its `ecosystem.config.cjs`, with every default filled in. */
export interface ReleaseConfig {
  /** `auto`: by lockfile; any other text: a shell command; false: nothing is installed. */
  readonly install: string | false;
  readonly build: string | null;
  /** Paths relative to the release that all releases share (uploads, `.env`, a database). */
  readonly shared: readonly string[];
  /** Names of the pm2 apps that belong to it; null: by folder. */
  readonly apps: readonly string[] | null;
  readonly restart: RestartConfig;
  readonly health: HealthConfig;
  readonly hooks: Readonly<Record<HookName, string | null>>;
  readonly rollback: 'auto' | 'never';
  /** What becomes of processes that an app's former life left behind. */
  readonly children: 'report' | 'reap';
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

/** Wall-clock limits in milliseconds. */
export interface Timeouts {
  readonly installMs: number;
  readonly buildMs: number;
  readonly hookMs: number;
}

const optionalCommand = v.optional(v.nullable(command), null);
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));

const sharedPath = v.pipe(
  v.string(),
  v.check(
    isSharable,
    (issue) =>
      `${JSON.stringify(issue.input)} cannot be shared; write a path inside the release, relative, without ".."`,
  ),
);

// `restart: 'reload'` is short for `restart: { mode: 'reload' }`.
const restart = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === 'string' ? { mode: value } : value)),
  section({
    mode: v.optional(v.picklist(['auto', 'restart', 'reload']), 'auto'),
    first: v.optional(positive, 1),
    batch: v.optional(v.nullable(positive), null),
  }),
);

const hooks = section({
  afterStage: optionalCommand,
  beforeActivate: optionalCommand,
  afterActivate: optionalCommand,
  afterRollBack: optionalCommand,
});

const timeouts = v.pipe(
  section({
    install: v.optional(duration(), '15m'),
    build: v.optional(duration(), '15m'),
    hook: v.optional(duration(), '5m'),
  }),
  v.transform(({ install, build, hook }) => ({
    installMs: install,
    buildMs: build,
    hookMs: hook,
  })),
);

const install = v.pipe(
  v.union(
    [v.literal(false), command],
    (issue) => `${JSON.stringify(issue.input)} is not allowed; write "auto", a command or false`,
  ),
  v.transform((value): ReleaseConfig['install'] => value),
);

/** The `gitops` key as people write it. */
export const releaseKey = section({
  install: v.optional(install, 'auto'),
  build: optionalCommand,
  shared: v.optional(v.array(sharedPath), []),
  apps: v.optional(v.nullable(v.array(v.pipe(v.string(), v.nonEmpty()))), null),
  restart: v.optional(restart, {}),
  health: v.optional(health, {}),
  hooks: v.optional(hooks, {}),
  rollback: v.optional(v.picklist(['auto', 'never']), 'auto'),
  children: v.optional(v.picklist(['report', 'reap']), 'report'),
  timeouts: v.optional(timeouts, {}),
});

/**
 * The `gitops` key of the ecosystem file `origin`, with every default filled in; undefined and null mean all defaults.
 * Throws `CONFIG_INVALID` with every mistake in it.
 */
export function parseReleaseConfig(value: unknown, origin: string): ReleaseConfig {
  const parsed = v.safeParse(v.object({ gitops: releaseKey }), { gitops: value ?? {} });
  if (!parsed.success) throw explainIssues(parsed.issues, origin);
  return parsed.output.gitops;
}

function isSharable(path: string): boolean {
  const parts = path.replace(/[\\/]+$/, '').split(/[\\/]/);
  const ours = ['.git', '.pm2-gitops', '.gitops-release.json', 'node_modules'];
  return (
    parts.every(
      (part) => part !== '' && part !== '.' && part !== '..' && !part.includes(':') && !part.includes('\0'),
    ) && !ours.includes(parts[0]?.toLowerCase() ?? '')
  );
}
