import { ranksAtLeast } from '../domain/channel.js';
import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import { incarnations, isOneOf, type AppProcess, type Incarnation } from '../domain/process.js';
import { describeRelease, type Release } from '../domain/release.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { changesOf } from './app-notes.js';
import { isDaemonLost, noneYet, rootProcesses } from './apps.js';
import { liveTree, readBrought, readBroughtOrDefaults, type Brought } from './brought.js';
import { changeAndProve, removeApps } from './perform-app-changes.js';
import { noteDead } from './dead-before.js';
import { askHook, hook, REMARK, VERDICT } from './perform-hooks.js';
import type { RollOutcome, Unhealthy } from '../runtime/rolling.js';
import {
  deleteStarted,
  listenEarly,
  rollApps,
  saveApps,
  startApps,
  tellIdleApps,
  type Roll,
} from './perform-apps.js';
import { isAppRecordLost } from '../state/app-record.js';
import { readDead } from '../state/runs.js';
import { requireStillWanted } from './still-wanted.js';
import { noteChildren, settleChildren } from './settle-orphans.js';
import { switchingOf } from './switching.js';
import { undoChanges } from './undo-app-changes.js';
import type { Workplace } from './workplace.js';

type At<P extends Phase['at']> = Extract<Phase, { at: P }>;

/** Switches the root to the staged release and notes what lived at that moment: all of it runs the former code. */
export async function activate(place: Workplace, upgrade: Upgrade, phase: At<'activating'>): Promise<Event> {
  const { release, run } = phase;
  const switching = switchingOf(place);
  await place.report.begin(run);
  const tree = switching.stagedTree(release, run);
  const staged = await readBrought(place, release, tree);
  await hook(place, 'beforeActivate', { release, upgrade, tree, config: staged.config });
  await requireStillWanted(place, upgrade, phase);
  await noteDead(place, upgrade, run);
  place.report.step(`activate: ${describeRelease(release)}`);
  await switching.activate(upgrade, release, run);
  // Before pm2 is asked: what a crash loop starts meanwhile runs what the root names since.
  const at = place.root.host.clock.now();
  // The root is switched: whatever pm2 says now, that is what the journal must hold next.
  const old = await livingOr(phase.old, place, [upgrade.active?.apps ?? null, staged.config.apps]);
  await noteChildren(place, old);
  return { type: 'activated', old, at };
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
  const brought = await readBrought(place, release, tree);
  const noted = await changesOf(place, run, brought);
  const previousTag = upgrade.active?.release.tag ?? null;
  const roll = { old, trusted: [], brought, release, previousTag, restart: brought.config.restart };
  const outcome =
    noted === null ? await rollOver(place, upgrade, roll) : await changeAndProve(place, roll, noted);
  // The hook's no is a verdict on the release: its own last probe.
  const facts = { release, upgrade, tree, config: brought.config, codes: VERDICT };
  const cause = outcome.healthy ? await askHook(place, 'afterActivate', facts) : outcome.cause;
  const at = host.clock.now();
  if (cause !== null) {
    place.report.step(`unhealthy: ${cause}`);
    return { type: brought.config.rollback === 'never' ? 'kept' : 'unhealthy', cause, at };
  }
  if (noted !== null) await removeApps(place, noted);
  await settleChildren(place, brought.config);
  await tellIdleApps(place, brought);
  await saveApps(place);
  place.report.step(`healthy: ${describeRelease(release)} serves`);
  const ranks = ranksAtLeast(release, upgrade.highest, config.tagPrefix);
  return { type: 'healthy', apps: brought.config.apps, ranks, at };
}

async function rollOver(
  place: Workplace,
  { active }: Upgrade,
  roll: Omit<Roll, 'only'>,
): Promise<RollOutcome> {
  const { root, signal, order } = place;
  const found = await rootProcesses(root, roll.brought.config.apps, signal).catch(noneYet(order));
  const isMissing = active === null || found.length === 0 || (await isRecordLost(place));
  return isMissing ? startAndProve(place, roll) : rollApps(place, { ...roll, only: null });
}

/** Until a release is proven, what is missing is started: a first start may have been cut off half way. */
async function startAndProve(place: Workplace, roll: Omit<Roll, 'only'>): Promise<RollOutcome> {
  const { brought } = roll;
  const over = new AbortController();
  try {
    const exits = await listenEarly(place, over.signal);
    await startApps(place, brought, await rootProcesses(place.root, brought.config.apps, place.signal));
    return await rollApps(place, { ...roll, only: null, exits });
  } finally {
    over.abort();
  }
}

/** Makes the root name the former release again, then restarts and proves what ran the failed one. */
export async function goBack(place: Workplace, upgrade: Upgrade, phase: At<'rollingBack'>): Promise<Event> {
  const { bad, run } = phase;
  await place.report.begin(run);
  const active = upgrade.active?.release ?? null;
  if (bad === null) return switchBack(place, upgrade, phase);
  if (active === null) {
    await deleteStarted(
      place,
      await readBroughtOrDefaults(place, phase.release, liveTree(place, phase.release)),
    );
    return { type: 'rolledBack' };
  }
  const tree = liveTree(place, active);
  const brought = await readBroughtOrDefaults(place, active, tree);
  const outcome = await rollBack(place, { ...phase, bad }, { brought, release: active }).catch(noneLeft);
  if (!outcome.healthy) {
    if (outcome.by !== 'release') throw delayed(outcome);
    return { type: 'unhealthy', cause: outcome.cause, at: place.root.host.clock.now() };
  }
  const facts = { release: active, upgrade, tree, config: brought.config };
  await settleChildren(place, brought.config);
  const complaint = await askHook(place, 'afterRollBack', { ...facts, codes: REMARK });
  if (complaint !== null) place.report.step(complaint);
  place.report.step(`rolled back: ${describeRelease(active)} serves`);
  return { type: 'rolledBack' };
}

async function rollBack(
  place: Workplace,
  { bad, old, run, release: failed }: At<'rollingBack'> & { readonly bad: readonly Incarnation[] },
  { brought, release }: { readonly brought: Brought; readonly release: Release },
): Promise<RollOutcome> {
  const over = new AbortController();
  try {
    const exits = await listenEarly(place, over.signal);
    const restored = await undoChanges(place, run);
    const isLost = await isRecordLost(place);
    if (isLost)
      await startApps(place, brought, await rootProcesses(place.root, brought.config.apps, place.signal));
    // No canary on the way back: what runs the failed release is mended at once.
    const restart = { ...brought.config.restart, first: Number.POSITIVE_INFINITY };
    // What was dead before this run says nothing about the way back. Out of `stuck` nobody knows what lived: then all of them count.
    // A pm2 that was resurrected in between gave new ids to what runs the failed release.
    const dead = (await readDead(place.root.layout, run)) ?? new Set<number>();
    const isRevived = ({ pmId }: { readonly pmId: number }): boolean => dead.has(pmId);
    const living = [...old, ...bad.filter((life) => !isRevived(life))];
    const lived = new Set([...living.map(({ pmId }) => pmId), ...restored]);
    const only = old.length === 0 || isLost ? null : ({ pmId }: AppProcess): boolean => lived.has(pmId);
    // What lived before the run was of the release that it goes back to.
    const roll = { release, previousTag: failed.tag, brought, restart, old: bad, trusted: old, exits };
    const outcome = await rollApps(place, { ...roll, only });
    if (outcome.healthy && only !== null && bad.some(isRevived))
      await takeAlong(place, { ...roll, only: isRevived });
    return outcome;
  } finally {
    over.abort();
  }
}

/** What the failed release had brought to life goes back as well, and may be as dead then as it was before. */
async function takeAlong(place: Workplace, roll: Roll): Promise<void> {
  const outcome = await rollApps(place, roll).catch(noneLeft);
  if (!outcome.healthy) place.report.step(`${outcome.cause}; it was dead before this run`);
}

/** A run may have deleted apps, and nobody knows which: then what the file of the release names and does not run is started. */
async function isRecordLost({ root: { layout }, report }: Workplace): Promise<boolean> {
  const isLost = await isAppRecordLost(layout);
  if (isLost)
    report.step(
      `warning: ${layout.apps} cannot be read: what the release names is started if it does not run`,
    );
  return isLost;
}

/** What somebody took away on the way back runs no failed release either. */
function noneLeft(error: unknown): RollOutcome {
  if (isGitOpsError(error, 'NO_APPS')) return { healthy: true };
  throw error;
}

/** It says nothing about the release that goes back to its place, and passes: that machine need not wait for an operator. */
function delayed({ cause, by }: Unhealthy): GitOpsError {
  if (by === 'pm2')
    return new GitOpsError('DAEMON_SILENT', cause, {
      hint: 'see whether `ps -e` ends, which pm2 waits for before it stops a process; if pm2 stays so, `pm2 kill` and `pm2 resurrect`',
    });
  const hint =
    'end what restarts the apps: a person, a script, or pm2 by watch, cron_restart or max_memory_restart';
  return new GitOpsError('APPS_RESTLESS', cause, { hint });
}

async function switchBack(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, old }: At<'rollingBack'>,
): Promise<Event> {
  const active = upgrade.active?.release ?? null;
  place.report.step(
    active === null ? 'roll back: there is no former release' : `roll back: to ${describeRelease(active)}`,
  );
  await switchingOf(place).goBack(upgrade, release, run);
  const at = place.root.host.clock.now(); // as above
  const living = await rootProcesses(place.root, upgrade.active?.apps ?? null, place.signal).catch(
    noneYet(place.order),
  );
  const bad = incarnations(living.filter((process) => !isOneOf(process, old)));
  await noteChildren(place, bad);
  return { type: 'switchedBack', bad, at };
}

/** What lives now, by the former release's names and by the new one's; where pm2 does not answer, what lived before. */
async function livingOr(
  before: readonly Incarnation[],
  place: Workplace,
  names: readonly (readonly string[] | null)[],
): Promise<readonly Incarnation[]> {
  try {
    const found = await Promise.all(names.map((apps) => rootProcesses(place.root, apps, place.signal)));
    return incarnations([...new Map(found.flat().map((process) => [process.pmId, process])).values()]);
  } catch (error) {
    if (!isDaemonLost(error)) throw error;
    place.report.step(`pm2: ${messageOf(error)}`);
    return before;
  }
}
