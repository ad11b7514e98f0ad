import { join } from 'node:path';
import type { RestartConfig } from '../config/release.js';
import { appName, type AppDefinition } from '../domain/app-definition.js';
import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import { incarnations, type Incarnation } from '../domain/process.js';
import type { Release } from '../domain/release.js';
import { waitUntilAlone } from '../os/alone.js';
import { RUN_MARK } from '../os/run.js';
import { addProven, readProven, runFolder } from '../state/runs.js';
import { listProcesses, type ListedProcess } from '../runtime/processes.js';
import { ExitWatch, roll as rollProcesses } from '../runtime/roll.js';
import type { RollOutcome } from '../runtime/rolling.js';
import { deleteProcesses, saveList, startApps as startInPm2, startDaemon } from '../runtime/start.js';
import { inFolder } from './app-notes.js';
import { findTargets, isDaemonLost, rootProcesses, withDaemon, type Targets } from './apps.js';
import type { Brought } from './brought.js';
import type { Root } from './root.js';
import { switchingOf } from './switching.js';
import { hookEnv, type Workplace } from './workplace.js';

/**
 * Rolls the root's processes: those in `old` change over, and all of them are proven by what `brought` asks.
 * A daemon that goes away in the middle gets some time to come back.
 */
export async function rollApps(place: Workplace, roll: Roll): Promise<RollOutcome> {
  return patiently(place, () => rollOnce(place, roll));
}

/** Does work with pm2 again while its daemon is away for some seconds. */
export async function patiently<T>({ signal, report, root }: Workplace, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isDaemonLost(error) || attempt === ATTEMPTS) throw error;
      report.step(`pm2: ${messageOf(error)}; looking again in ${RETRY_MS / 1000} s`);
      await root.host.clock.sleep(RETRY_MS, signal);
    }
  }
}

/** A roll of the root's processes. */
export interface Roll {
  readonly old: readonly Incarnation[];
  /** Proven before this run; null: all that is not old. */
  readonly trusted: readonly Incarnation[] | null;
  readonly brought: Brought;
  /** The release that is proven, and the tag of the one that was active before. */
  readonly release: Release;
  readonly previousTag: string | null;
  readonly restart: RestartConfig;
  /** Null: all of the root's. Else only these of them. */
  readonly only: ((process: ListedProcess) => boolean) | null;
  readonly exits?: ExitWatch | undefined;
}

const ATTEMPTS = 5;
const RETRY_MS = 2_000;

/** As `rollApps`, without patience. */
export async function rollOnce(
  place: Workplace,
  { old, trusted, brought, restart, only, exits, release, previousTag }: Roll,
): Promise<RollOutcome> {
  const { root, signal, report, children, order } = place;
  const { host, layout } = root;
  const { health, apps } = brought.config;
  const run = report.run ?? order.run;
  return withDaemon(root, signal, async (daemon) => {
    const listed = await listProcesses(daemon, signal);
    const ours = findTargets(root, apps, listed);
    const targets: Targets = (all) => ours(all).filter((process) => only?.(process) ?? true);
    // pm2 ends what lies below a process that it restarts: from here on that must not be us.
    await waitUntilAlone(
      [...old, ...incarnations(targets(listed))].map(({ pid }) => pid),
      host.clock,
      signal,
    );
    const tools = {
      daemon,
      clock: host.clock,
      report,
      children,
      home: host.pm2Home,
      platform: host.platform,
      exits,
      onProven: (lives: readonly Incarnation[]) => onlySaid(place, () => addProven(layout, run, lives)),
    };
    const cwd = switchingOf(place).live;
    const gitops = hookEnv(place, { ...release, tree: cwd, previousTag });
    const env = { ...host.env, ...gitops, [RUN_MARK]: report.run ?? '' };
    const proven = trusted === null ? null : [...trusted, ...(await readProven(layout, run))];
    return rollProcesses({ targets, old, proven, restart, health, release, env, cwd }, tools, signal);
  });
}

/** Listens to all that pm2 tells from now on, for a first start; the watch ends with `over`. */
export async function listenEarly(place: Workplace, over: AbortSignal): Promise<ExitWatch> {
  const { root, signal, order } = place;
  const { clock, env } = root.host;
  const tools = pm2Tools(place);
  if (order.startPm2) await startDaemon(env, tools, signal);
  const exits = new ExitWatch(clock, AbortSignal.any([signal, over]));
  const look = () => withDaemon(root, signal, (daemon) => listProcesses(daemon, signal));
  await patiently(place, () => exits.listen(tools, look));
  return exits;
}

/**
 * Starts the apps that the release wants and that are not among `found`, in a root where nothing is proven yet.
 * Throws `NO_APPS` where nothing runs afterwards.
 */
export async function startApps(
  place: Workplace,
  brought: Brought,
  found: readonly ListedProcess[],
): Promise<void> {
  const { root, order, report, signal } = place;
  const { live } = switchingOf(place);
  const missing = wantedApps(root, brought)
    .filter((app) => !found.some(({ name }) => name === appName(app)))
    .map((app) => inFolder(app, live));
  if (missing.length > 0) {
    report.step(`start: ${missing.map(appName).join(', ')}`);
    const file = join(runFolder(root.layout, report.run ?? order.run), 'ecosystem.json');
    await startInPm2(
      { apps: missing, env: root.host.env, file, startDaemon: order.startPm2 },
      pm2Tools(place),
      signal,
    );
  }
  // A roll of nothing would be healthy.
  const running = missing.length === 0 ? found : await rootProcesses(root, brought.config.apps, signal);
  if (running.length === 0) throw noApps(root.layout.root);
}

/** Tells which apps the release names though they do not run: a roll restarts what runs, and starts nothing. Only a word: it fails nothing. */
export async function tellIdleApps(place: Workplace, brought: Brought): Promise<void> {
  await onlySaid(place, async () => {
    const running = await rootProcesses(place.root, brought.config.apps, place.signal);
    const idle = wantedApps(place.root, brought)
      .map(appName)
      .filter((name) => !running.some((process) => process.name === name));
    if (idle.length > 0)
      place.report.step(
        `warning: the release also names ${idle.join(', ')}, which does not run: start it by pm2`,
      );
  });
}

/** What the release's file names of the apps that belong to this root: another root of a monorepo starts the others. */
function wantedApps(root: Root, { apps, config }: Brought): AppDefinition[] {
  const names = root.config.apps ?? config.apps;
  return (apps ?? []).filter((app) => names?.includes(appName(app)) ?? true);
}

/** Removes the processes of a first release that failed: there is nothing to go back to. */
export async function deleteStarted(place: Workplace, { config }: Brought): Promise<void> {
  const { root, signal } = place;
  const ids = (await rootProcesses(root, config.apps, signal)).map(({ pmId }) => pmId);
  await withDaemon(root, signal, (daemon) => deleteProcesses(daemon, ids, signal));
}

/** Has pm2 remember the list over a reboot, if the user has it do so at all. Never a reason to take a healthy release back. */
export async function saveApps(place: Workplace): Promise<void> {
  await onlySaid(place, () => saveList(place.root.host.env, pm2Tools(place), place.signal));
}

/** Does work whose failure is no reason to fail for: it is told. */
export async function onlySaid({ report }: Workplace, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isGitOpsError(error) || error.code === 'ABORTED') throw error;
    report.step(`warning: ${error.message}`);
  }
}

/** What pm2's command line is called with. */
export function pm2Tools({ root: { host }, report, children }: Workplace) {
  return { home: host.pm2Home, platform: host.platform, report, children };
}

function noApps(root: string): GitOpsError {
  return new GitOpsError(
    'NO_APPS',
    `no pm2 process runs from ${root}, and the release has no ecosystem.config.cjs that names any`,
    {
      hint: 'add ecosystem.config.cjs to the repository: module.exports = { apps: [{ name: "web", script: "app.js" }] }; or name running apps under "apps" in gitops.json',
    },
  );
}
