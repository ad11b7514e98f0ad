import { join } from 'node:path';
import { compareVersions } from '../domain/channel.js';
import { isGitOpsError } from '../domain/errors.js';
import { incarnations, isOneOf } from '../domain/process.js';
import { describeRelease, releaseFolder, type Release } from '../domain/release.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { runHook } from '../workspace/hooks.js';
import type { HookName, ReleaseConfig } from '../config/release.js';
import { deleteStarted, rollApps, saveApps, startApps } from './perform-apps.js';
import { rootProcesses } from './apps.js';
import { readBrought, type Brought } from './brought.js';
import { switchingOf } from './switching.js';
import { effortOf, hookEnv, type Workplace } from './workplace.js';

type At<P extends Phase['at']> = Extract<Phase, { at: P }>;

/** Switches the root to the staged release and notes what lived at that moment: all of it runs the former code. */
export async function activate(
  place: Workplace,
  upgrade: Upgrade,
  { release, run }: At<'activating'>,
): Promise<Event> {
  const { host } = place.root;
  const switching = switchingOf(place);
  await place.report.begin(run);
  const tree = switching.stagedTree(release, run);
  const staged = await readBrought(place, tree);
  await hook(place, { name: 'beforeActivate', release, upgrade, tree, config: staged.config });
  place.report.step(`activate: ${describeRelease(release)}`);
  await switching.activate(upgrade, release, run);
  const old = incarnations(await processesOrNone(place, staged));
  return { type: 'activated', old, at: host.clock.now() };
}

/** Restarts what lived at the switch and proves what lives since. */
export async function prove(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, old }: At<'proving'>,
): Promise<Event> {
  const { host, config } = place.root;
  await place.report.begin(run);
  const tree = liveTree(place, release);
  const brought = await readBrought(place, tree);
  if ((await processesOrNone(place, brought)).length === 0) await startApps(place, brought);
  const outcome = await rollApps(place, { old, brought });
  const cause = outcome.healthy
    ? await afterActivate(place, { release, upgrade, tree, config: brought.config })
    : outcome.cause;
  const at = host.clock.now();
  if (cause !== null) {
    place.report.step(`unhealthy: ${cause}`);
    return { type: brought.config.rollback === 'never' ? 'kept' : 'unhealthy', cause, at };
  }
  await saveApps(place);
  place.report.step(`healthy: ${describeRelease(release)} serves`);
  const order = upgrade.highest === null ? null : compareVersions(release, upgrade.highest, config.tagPrefix);
  return { type: 'healthy', ranks: order === null || order >= 0, at };
}

/** Makes the root name the former release again, then restarts and proves what ran the failed one. */
export async function goBack(place: Workplace, upgrade: Upgrade, phase: At<'rollingBack'>): Promise<Event> {
  const { release, run, old, bad } = phase;
  const { host } = place.root;
  await place.report.begin(run);
  const active = upgrade.active?.release ?? null;
  if (bad === null) return switchBack(place, upgrade, { release, run, old });
  if (active === null) {
    await deleteStarted(place);
    return { type: 'rolledBack' };
  }
  const tree = liveTree(place, active);
  const brought = await readBrought(place, tree);
  const outcome = await rollApps(place, { old: bad, brought });
  if (!outcome.healthy) return { type: 'unhealthy', cause: outcome.cause, at: host.clock.now() };
  await hook(place, { name: 'afterRollBack', release: active, upgrade, tree, config: brought.config });
  place.report.step(`rolled back: ${describeRelease(active)} serves`);
  return { type: 'rolledBack' };
}

async function switchBack(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, old }: Pick<At<'rollingBack'>, 'release' | 'run' | 'old'>,
): Promise<Event> {
  const active = upgrade.active?.release ?? null;
  place.report.step(
    active === null ? 'roll back: there is no former release' : `roll back: to ${describeRelease(active)}`,
  );
  await switchingOf(place).goBack(upgrade, release, run);
  const living = await processesOrNone(place, null);
  const bad = incarnations(living.filter((process) => !isOneOf(process, old)));
  return { type: 'switchedBack', bad, at: place.root.host.clock.now() };
}

async function afterActivate(place: Workplace, call: Omit<HookFacts, 'name'>): Promise<string | null> {
  try {
    await hook(place, { name: 'afterActivate', ...call });
    return null;
  } catch (error) {
    // Its no is a verdict on the release: the release's own last probe.
    if (isGitOpsError(error, 'HOOK_FAILED', 'HOOK_NOT_NOW')) return error.message;
    throw error;
  }
}

interface HookFacts {
  readonly name: HookName;
  readonly release: Release;
  readonly upgrade: Upgrade;
  readonly tree: string;
  readonly config: ReleaseConfig;
}

async function hook(place: Workplace, { name, release, upgrade, tree, config }: HookFacts): Promise<void> {
  const command = config.hooks[name];
  if (command === null) return;
  const env = hookEnv(place, { ...release, tree, previousTag: upgrade.active?.release.tag ?? null });
  await runHook({ name, command, tree, env }, effortOf(place, config.timeouts.hookMs));
}

/** The folder in which the root's named release really lies. */
function liveTree({ root: { config, layout } }: Workplace, release: Release): string {
  return config.strategy === 'checkout' ? layout.root : join(layout.root, 'releases', releaseFolder(release));
}

async function processesOrNone(place: Workplace, brought: Brought | null) {
  try {
    return await rootProcesses(place.root, brought?.config.apps ?? null, place.signal);
  } catch (error) {
    if (place.order.startPm2 && isGitOpsError(error, 'DAEMON_ABSENT')) return [];
    throw error;
  }
}
