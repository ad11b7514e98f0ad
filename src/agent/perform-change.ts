import { ranksAtLeast } from '../domain/channel.js';
import { messageOf } from '../domain/errors.js';
import { incarnations, isOneOf, type AppProcess, type Incarnation } from '../domain/process.js';
import { describeRelease } from '../domain/release.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { changesOf, type NotedChanges } from './app-notes.js';
import { isDaemonLost, noneYet, rootProcesses } from './apps.js';
import { liveTree, readBrought, readBroughtOrDefaults } from './brought.js';
import { changeAndProve, removeApps } from './perform-app-changes.js';
import { askHook, hook, REMARK, VERDICT } from './perform-hooks.js';
import type { RollOutcome } from '../runtime/rolling.js';
import {
  deleteStarted,
  listenEarly,
  rollApps,
  saveApps,
  startApps,
  tellIdleApps,
  type Roll,
} from './perform-apps.js';
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
  place.report.step(`activate: ${describeRelease(release)}`);
  await switching.activate(upgrade, release, run);
  // The root is switched: whatever pm2 says now, that is what the journal must hold next.
  const old = await livingOr(phase.old, place, [upgrade.active?.apps ?? null, staged.config.apps]);
  await noteChildren(place, old);
  return { type: 'activated', old, at: place.root.host.clock.now() };
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
  const found = await rootProcesses(place.root, brought.config.apps, place.signal).catch(
    noneYet(place.order),
  );
  const noted = await changesOf(place, run, brought);
  const isFirst = upgrade.active === null || found.length === 0;
  const previousTag = upgrade.active?.release.tag ?? null;
  const outcome = await rollOver(
    place,
    { old, brought, release, previousTag, restart: brought.config.restart },
    { noted, isFirst },
  );
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
  roll: Omit<Roll, 'only'>,
  { noted, isFirst }: { noted: NotedChanges | null; isFirst: boolean },
): Promise<RollOutcome> {
  if (noted !== null) return changeAndProve(place, roll, noted);
  return isFirst ? startAndProve(place, roll) : rollApps(place, { ...roll, only: null });
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
  const restored = await undoChanges(place, run);
  // No canary on the way back: what runs the failed release is mended at once.
  const restart = { ...brought.config.restart, first: Number.POSITIVE_INFINITY };
  // What was dead before this run says nothing about the way back. Out of `stuck` nobody knows what lived: then all of them count.
  // A pm2 that was resurrected in between gave new ids to what runs the failed release.
  const lived = new Set([...[...phase.old, ...bad].map(({ pmId }) => pmId), ...restored]);
  const only = phase.old.length === 0 ? null : ({ pmId }: AppProcess): boolean => lived.has(pmId);
  const outcome = await rollApps(place, {
    ...{ old: bad, brought, restart, only },
    ...{ release: active, previousTag: phase.release.tag },
  });
  if (!outcome.healthy) return { type: 'unhealthy', cause: outcome.cause, at: place.root.host.clock.now() };
  const facts = { release: active, upgrade, tree, config: brought.config };
  await settleChildren(place, brought.config);
  const complaint = await askHook(place, 'afterRollBack', { ...facts, codes: REMARK });
  if (complaint !== null) place.report.step(complaint);
  place.report.step(`rolled back: ${describeRelease(active)} serves`);
  return { type: 'rolledBack' };
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
  const living = await rootProcesses(place.root, upgrade.active?.apps ?? null, place.signal).catch(
    noneYet(place.order),
  );
  const bad = incarnations(living.filter((process) => !isOneOf(process, old)));
  await noteChildren(place, bad);
  return { type: 'switchedBack', bad, at: place.root.host.clock.now() };
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
