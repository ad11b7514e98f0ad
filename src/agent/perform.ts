import { decide, mayRepair, type Decision } from '../domain/decide.js';
import type { Drift } from '../domain/drift.js';
import { describeDrift } from '../domain/tell-drift.js';
import type { GitOpsError } from '../domain/errors.js';
import { incarnations } from '../domain/process.js';
import { sameRelease, type Release } from '../domain/release.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { waitUntilAlone } from '../os/alone.js';
import { treeDirty } from '../workspace/checkout-dirty.js';
import { adoptCheckout } from './adopt.js';
import { noteChanges } from './app-notes.js';
import { isDaemonLost, noneYet, refusePinnedApps, rootProcesses } from './apps.js';
import { gatherFacts } from './facts.js';
import { asFailure, failureOf } from './faults.js';
import { activate, goBack, prove } from './perform-change.js';
import { decideInformed } from './learn.js';
import { lookClosely } from './look-closely.js';
import { repair } from './perform-repair.js';
import { stage } from './perform-stage.js';
import { requireRoomToActivate, requireRoomToStage } from './require-room.js';
import { switchingOf } from './switching.js';
import { requireVerified } from './verify-release.js';
import type { Workplace } from './workplace.js';

/** What came of a piece of work: an event for the machine, or nothing to do now, by a decision or because pm2 does not answer. */
export type Result =
  | { readonly event: Event; readonly error: GitOpsError | null }
  | { readonly event: null; readonly decision: Decision | null; readonly error: GitOpsError | null };

type Staged = Extract<Phase, { at: 'staged' }>;

/** Does the work that the phase owns. Foreseen failures come back as events; bugs are thrown and end the worker. */
export async function perform(place: Workplace, upgrade: Upgrade): Promise<Result> {
  const { phase } = upgrade;
  switch (phase.at) {
    case 'idle':
      return begin(place, upgrade);
    case 'staging':
      return attempt(place, { upgrade, release: phase.release }, () => stage(place, upgrade, phase));
    case 'staged':
      return open(place, upgrade, phase);
    case 'activating':
      return attempt(place, { upgrade, release: phase.release }, () => activate(place, upgrade, phase));
    case 'proving':
      return attempt(place, { upgrade, release: phase.release }, () => prove(place, upgrade, phase));
    case 'rollingBack':
      return attempt(place, { upgrade, release: phase.release }, () => goBack(place, upgrade, phase));
    case 'repairing':
      return attempt(place, { upgrade, release: phase.release }, () => repair(place, upgrade, phase));
    case 'stuck':
      return begin(place, upgrade);
  }
}

/** Idle: decides, and asks before any work whether a person's files or pm2 stand in the way. */
async function begin(place: Workplace, upgrade: Upgrade): Promise<Result> {
  if (upgrade.active === null && place.root.config.strategy === 'checkout') {
    return { event: await adoptCheckout(place), error: null };
  }
  const { decision, drift, error } = await decideNow(place, upgrade);
  if (decision.step === 'repair')
    return { event: driftedNow(place, upgrade, { decision, drift }), error: null };
  const { desired } = decision;
  if (desired !== null && decision.step === 'learn' && error !== null)
    return unlearned(place, upgrade, { desired, decision, error });
  if (desired === null || decision.step !== 'stage') return { event: null, decision, error };
  return attempt(place, { upgrade, release: desired }, async () => {
    await requireClearWay(place, upgrade, desired);
    await requireRoomToStage(place, upgrade, desired);
    return { type: 'desired', release: desired, run: place.order.run };
  });
}

interface Unlearned {
  readonly desired: Release;
  readonly decision: Decision;
  readonly error: GitOpsError;
}

/** What could not be found out of a release is tried again ever more seldom; one that is not signed as it has to be ends in a run, which tells so. */
async function unlearned(
  place: Workplace,
  upgrade: Upgrade,
  { desired, decision, error }: Unlearned,
): Promise<Result> {
  if (decision.lack.untried.length === 0) return { event: null, decision, error };
  if (error.code === 'UNVERIFIED' && upgrade.phase.at === 'idle')
    return { event: { type: 'desired', release: desired, run: place.order.run }, error: null };
  return attempt(place, { upgrade, release: desired }, () => Promise.reject(error));
}

/** Staged: asks the gates again, just before the root is touched. */
async function open(place: Workplace, upgrade: Upgrade, { release, run }: Staged): Promise<Result> {
  const { decision, error } = await decideNow(place, upgrade);
  const isUnverified = decision.step === 'learn' && error?.code === 'UNVERIFIED';
  if (decision.step === 'learn' && !isUnverified) return { event: null, decision, error };
  // What is staged is on disk, and comes again after the repair.
  if (!sameRelease(decision.desired, release) || decision.step === 'repair')
    return { event: { type: 'superseded' }, error: null };
  // Its signature held when it was staged, and does no more: a key was revoked, or more is asked.
  if (isUnverified)
    return attempt(place, { upgrade, release }, () =>
      requireVerified(place, release).then(() => Promise.reject(error)),
    );
  if (decision.step !== 'activate') return { event: null, decision, error: null };
  return attempt(place, { upgrade, release }, async () => {
    const old = await requireClearWay(place, upgrade, release);
    await requireRoomToActivate(place, upgrade, { release, run });
    await switchingOf(place).prepare(upgrade, release, run);
    await waitUntilAlone(
      old.map(({ pid }) => pid),
      place.root.host.clock,
      place.signal,
    );
    await noteChanges(place, upgrade, { release, run });
    return { type: 'opened', old };
  });
}

interface Decided {
  readonly decision: Decision;
  readonly drift: readonly Drift[];
  /** What kept the decision from being made by all that there is to know; or null. */
  readonly error: GitOpsError | null;
}

/** Decides. Where there is nothing else to do, it looks whether what serves is as it was left. */
async function decideNow(place: Workplace, upgrade: Upgrade): Promise<Decided> {
  const { facts, decision, error } = await decideInformed(place, async () => ({
    ...(await gatherFacts(place.root, place.order)),
    upgrade,
  }));
  const isAtRest = decision.step === 'nothing' || decision.step === 'wait';
  if (!isAtRest || !mayRepair(facts)) return { decision, drift: [], error };
  const { drift } = await lookClosely(place, upgrade);
  return { decision: decide({ ...facts, drift }), drift, error };
}

function driftedNow(
  { root, order }: Workplace,
  { active }: Upgrade,
  { decision, drift }: Pick<Decided, 'decision' | 'drift'>,
): Event {
  const { repair: kinds } = decision;
  const found = drift.filter(({ kind }) => kinds.includes(kind));
  const cause = active === null ? '' : found.map((each) => describeDrift(each, active.release)).join('; ');
  return { type: 'drifted', run: order.run, kinds, cause, at: root.host.clock.now() };
}

/** Refuses early what would be refused late. Gives back what lives now. */
async function requireClearWay(place: Workplace, upgrade: Upgrade, release: Release) {
  const { config, layout } = place.root;
  const files = config.dirty === 'stash' ? [] : await switchingOf(place).obstacles(upgrade, release);
  if (files.length > 0) throw treeDirty(layout.root, files);
  const processes = await rootProcesses(place.root, upgrade.active?.apps ?? null, place.signal).catch(
    noneYet(place.order),
  );
  refusePinnedApps(place.root, processes);
  return incarnations(processes);
}

async function attempt(
  { root, report }: Workplace,
  { upgrade, release }: { upgrade: Upgrade; release: Release },
  work: () => Promise<Event>,
): Promise<Result> {
  try {
    return { event: await work(), error: null };
  } catch (thrown) {
    const error = asFailure(thrown, root.layout.root);
    if (isPassing(error, upgrade)) {
      report.step(`${error.message}; the next poll goes on from here`);
      return { event: null, decision: null, error };
    }
    const { clock, chance } = root.host;
    const event = failureOf(error, { release, upgrade, now: clock.now(), chance: chance() });
    report.step(`failed: ${event.cause}`);
    return { event, error };
  }
}

/**
 * The root is switched, and pm2, the disk or another git keeps us from going on: neither the release nor a rule says anything.
 * A later worker goes on. A read-only disk takes no event at all.
 */
function isPassing(error: GitOpsError, { phase: { at } }: Upgrade): boolean {
  if (error.code === 'DISK_READONLY') return true;
  if (at === 'rollingBack' && ['TREE_BUSY', 'APPS_RESTLESS'].includes(error.code)) return true;
  const passes = error.code === 'DISK_FULL' || isDaemonLost(error);
  return passes && (at === 'proving' || at === 'rollingBack' || at === 'repairing');
}
