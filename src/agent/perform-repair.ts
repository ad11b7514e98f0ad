import { join } from 'node:path';
import { releaseFolder, type Release } from '../domain/release.js';
import { incarnations, type Incarnation } from '../domain/process.js';
import type { Event, Phase, Step, Upgrade } from '../domain/upgrade.js';
import { exists } from '../os/files.js';
import type { RollOutcome } from '../runtime/rolling.js';
import { releaseTree } from '../state/layout.js';
import { keep, mendTree } from '../workspace/mend-tree.js';
import { stageFolder } from '../workspace/stage.js';
import { lookAtPointer } from '../workspace/pointer.js';
import { isDaemonLost, rootProcesses } from './apps.js';
import { liveTree, readBroughtOrDefaults } from './brought.js';
import { compareForRepair } from './look-closely.js';
import { lookForDrift } from './look-drift.js';
import { rollApps } from './perform-apps.js';
import { stage, stageBeside } from './perform-stage.js';
import { noteChildren, settleChildren } from './settle-orphans.js';
import { switchingOf } from './switching.js';
import type { Workplace } from './workplace.js';

type Repairing = Extract<Phase, { at: 'repairing' }>;

/**
 * Makes the active release what it was, in two halves, each of which can be done again:
 *
 *     files back in their folder → `current` back at it → mended │ what ran something else changes over and is proven → healthy
 */
export async function repair(place: Workplace, upgrade: Upgrade, phase: Repairing): Promise<Event> {
  await place.report.begin(phase.run);
  return phase.old === null ? mend(place, upgrade, phase) : proveAgain(place, phase, phase.old);
}

async function mend(place: Workplace, upgrade: Upgrade, phase: Repairing): Promise<Event> {
  const { report, signal, root } = place;
  report.step(`drift: ${phase.cause}`);
  const before = await lookForDrift(root, upgrade, { signal });
  const filesMended = root.config.strategy === 'releases' && (await mendFiles(place, upgrade, phase));
  const steps =
    root.config.strategy === 'releases'
      ? await putBack(place, upgrade, { phase, strays: before.strays })
      : [];
  const after = await lookForDrift(root, { ...upgrade, trail: [...upgrade.trail, ...steps] }, { signal });
  const stray = new Set(after.drift.flatMap((each) => (each.kind === 'process' ? [each.pmId] : [])));
  const old = after.processes.filter(({ pmId, held }) => !held && (filesMended || stray.has(pmId)));
  await noteChildren(place, incarnations(old));
  return { type: 'mended', old: incarnations(old), steps };
}

/** Whether anything had to be put right. What somebody wrote makes way only where a person asked for it: else `edits` is no part of the repair. */
async function mendFiles(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, kinds }: Repairing,
): Promise<boolean> {
  const { layout } = place.root;
  if (!kinds.includes('files') && !kinds.includes('edits')) return false;
  const found = await compareForRepair(place, release);
  const paths = [...(found?.lost ?? []), ...(kinds.includes('edits') ? (found?.edited ?? []) : [])];
  if (found === null || paths.length === 0) return false;
  const tree = releaseTree(layout, release);
  const rescue = join(layout.state, 'rescue', run);
  if (found.gone) {
    if (await exists(tree)) tellKept(place, [await keep(tree, join(rescue, releaseFolder(release)))]);
    await stage(place, { ...upgrade, active: null }, { at: 'staging', release, run, starts: 1 });
    return true;
  }
  const staged = await stageBeside(place, upgrade, { release, run, made: found.made.length > 0 });
  const kept = await mendTree({ tree, staged, paths, rescue });
  tellKept(place, kept);
  place.report.step(`repair: ${paths.length} of ${tree} put back from ${stageFolder(layout.state, run)}`);
  return true;
}

/** `current` at the active release again. Gives back what it named meanwhile, and that it is back. */
async function putBack(
  place: Workplace,
  upgrade: Upgrade,
  { phase: { release, run }, strays }: { phase: Repairing; strays: readonly Step[] },
): Promise<readonly Step[]> {
  const { layout, host } = place.root;
  const { folder, what } = await lookAtPointer(layout.root);
  if (folder === releaseFolder(release)) return [];
  if (what.startsWith('is a plain'))
    tellKept(place, [await keep(layout.current, join(layout.state, 'rescue', run, 'current'))]);
  await switchingOf(place).goBack(upgrade, release, run);
  place.report.step(`repair: current names ${releaseFolder(release)} again`);
  return [...strays, { commit: release.commit, at: host.clock.now() }];
}

/** Restarts what ran something else, and proves all that lives: the same roll that a release takes. */
async function proveAgain(
  place: Workplace,
  { release, cause }: Repairing,
  old: readonly Incarnation[],
): Promise<Event> {
  const { clock } = place.root.host;
  const outcome = await rollLiving(place, release, old);
  if (!outcome.healthy) {
    place.report.step(`unhealthy: ${outcome.cause}`);
    return { type: 'unhealthy', cause: outcome.cause, at: clock.now() };
  }
  place.report.step(`repaired: ${cause}`);
  return { type: 'healthy', apps: null, ranks: false, at: clock.now() };
}

async function rollLiving(
  place: Workplace,
  release: Release,
  old: readonly Incarnation[],
): Promise<RollOutcome> {
  const brought = await readBroughtOrDefaults(place, release, liveTree(place, release));
  const { restart, apps } = brought.config;
  try {
    // What was dead before says nothing about the repair.
    const living = incarnations(await rootProcesses(place.root, apps, place.signal));
    const only = new Set([...old, ...living].map(({ pmId }) => pmId));
    const outcome = await rollApps(place, {
      ...{ old, trusted: null, brought, release, previousTag: null },
      ...{ restart, only: ({ pmId }) => only.has(pmId) },
    });
    if (outcome.healthy) await settleChildren(place, brought.config);
    return outcome;
  } catch (error) {
    if (old.length > 0 || !isDaemonLost(error)) throw error;
    place.report.step(`${error.message}: there is nothing to prove`);
    return { healthy: true };
  }
}

function tellKept({ report }: Workplace, paths: readonly string[]): void {
  for (const path of paths) report.step(`repair: what was there is kept at ${path}`);
}
