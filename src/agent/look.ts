import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import {
  afterFailedLook,
  afterLook,
  afterQuietLook,
  afterTurnLeftOut,
  type Observed,
  type Pace,
  type PolicySight,
} from '../domain/observed.js';
import { restsUntil } from '../domain/outage.js';
import { redactUrl } from '../domain/redact.js';
import type { MachineConfig } from '../config/machine.js';
import type { PolicySource } from '../config/remote.js';
import type { Instant, Ref } from '../domain/release.js';
import { makePrivateFolder } from '../os/files.js';
import { openAccess } from '../source/credentials.js';
import { listRefs } from '../source/list-refs.js';
import type { LookPlace } from '../source/look-place.js';
import { lockWithin, tryLock, type Lock } from '../state/lock.js';
import { readLook, readObserved, writeObserved, type Look } from '../state/observed-store.js';
import { askForRefs, isShared, type Shown } from './ask-source.js';
import { diskOf, refusalOf } from './room.js';
import type { Root } from './root.js';
import { pollEveryMs } from './schedule.js';

// Longer than a look may take.
const LOOK_WAIT_MS = 120_000;

/**
 * Takes the machine's turn that was due at `turn`: one look at the source, whatever the number of pollers.
 * Null if the turn was taken already or another poller is taking it now.
 */
export async function takeTurn(root: Root, turn: Instant, signal: AbortSignal): Promise<Observed | null> {
  const { layout, host } = root;
  if (isTaken(await readLook(layout), turn, host.clock.now())) return null;
  await makePrivateFolder(layout.state);
  const lock = await tryLock(layout.pollLock, null);
  if (lock === null) return null;
  return underLock(lock, async () => {
    const before = await readObserved(layout);
    if (isTaken(before, turn, host.clock.now())) return null;
    return before !== null && isResting(before, host.clock.now())
      ? leaveOut(root, before, turn)
      : look(root, { before, turn, trigger: 'turn' }, signal);
  });
}

/**
 * Looks now and asks for all refs, because somebody asked; waits for a look that is under way. A disk that takes nothing is a look that failed:
 * what was known before is told with it.
 */
export async function lookNow(root: Root, signal: AbortSignal): Promise<Observed> {
  const { layout, host } = root;
  const refusal = refusalOf(diskOf(root));
  if (refusal !== null)
    return afterFailedLook(await readObserved(layout), refusal, { turn: 0, at: host.clock.now() });
  await makePrivateFolder(layout.state);
  const asked = host.clock.now();
  const wanted = { path: layout.pollLock, holder: null, clock: host.clock, signal };
  const lock = await lockWithin(LOOK_WAIT_MS, wanted);
  const before = await readObserved(layout);
  if (lock === null) return before ?? afterFailedLook(null, slow(), { turn: 0, at: host.clock.now() });
  return underLock(lock, async () => {
    const now = host.clock.now();
    // A look in the future is one from before the clock was set back.
    const answered = before !== null && before.error === null && before.at > asked && before.at <= now;
    return answered ? before : look(root, { before, turn: before?.turn ?? 0, trigger: 'person' }, signal);
  });
}

/** A turn at which the source is left alone: what is known is decided by all the same. */
async function leaveOut({ layout }: Root, before: Observed, turn: Instant): Promise<Observed> {
  const after = afterTurnLeftOut(before, turn);
  await writeObserved(layout, after);
  return after;
}

function isResting({ outage, at }: Observed, now: Instant): boolean {
  return restsUntil(outage, { at, now }) !== null;
}

async function underLock<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    lock.release();
  }
}

interface Occasion {
  readonly before: Observed | null;
  readonly turn: Instant;
  readonly trigger: Pace['trigger'];
}

/** One look, written down whatever comes of it. */
async function look(root: Root, { before, turn, trigger }: Occasion, signal: AbortSignal): Promise<Observed> {
  const { layout, host } = root;
  const at = host.clock.now();
  const place = { cwd: layout.root, signal, background: host.background };
  const looking = { before, at, thorough: trigger === 'person' };
  const [shown, apart] = await Promise.all([
    orFailure(place, () => askForRefs(root, looking, place)),
    askApart(root, place),
  ]);
  const after =
    shown instanceof GitOpsError
      ? afterFailedLook(before, shown, { turn, at, policy: apart, pace: await paceOf(root, trigger) })
      : await recordOf(root, { shown, apart }, { turn, at });
  await writeObserved(layout, after);
  return after;
}

async function paceOf(root: Root, trigger: Pace['trigger']): Promise<Pace> {
  return { trigger, pollEveryMs: await pollEveryMs(root), chance: root.host.chance() };
}

interface Sights {
  readonly shown: Shown;
  /** The policy, where it lies elsewhere. */
  readonly apart: PolicySight | null;
}

async function recordOf(
  root: Root,
  { shown, apart }: Sights,
  when: { turn: Instant; at: Instant },
): Promise<Observed> {
  const { config } = root;
  const { before } = shown;
  if (shown.at === 'unchanged')
    return afterQuietLook(shown.before, { ...when, policy: apart ?? sharedSight(config, shown.before.refs) });
  const { refs, asked } = shown;
  return afterLook(before, refs, {
    ...{ ...when, tagPrefix: config.tagPrefix, asked },
    ...{ known: await knownTags(root, before), policy: apart ?? sharedSight(config, refs) },
  });
}

/** The tags that were seen; where none were yet, or that is lost, what other records tell. */
async function knownTags(root: Root, before: Observed | null): Promise<Observed['seen']> {
  if (before !== null && Object.keys(before.seen).length > 0) return before.seen;
  return (await import('./remembered-tags.js')).rememberedTags(root);
}

/** Looks for a policy that lies elsewhere. That it cannot be seen does not keep releases from being seen, nor the other way round. */
async function askApart({ config, host }: Root, place: LookPlace): Promise<PolicySight | null> {
  const { policy } = config;
  if (policy === null || isShared(config, policy)) return null;
  const refs = await orFailure(place, async () => {
    const access = await openAccess(policy, host);
    return listRefs({ url: policy.repository, ...access }, { channels: [], named: [policy.ref] }, place);
  });
  return refs instanceof GitOpsError ? { commit: null, error: refs.message } : sightIn(refs, policy);
}

/** Foreseen failures as values. What was cancelled, and bugs, tell nothing about the source. */
async function orFailure<T>({ signal }: LookPlace, work: () => Promise<T>): Promise<T | GitOpsError> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !isGitOpsError(error)) throw error;
    return error;
  }
}

function sharedSight({ policy }: MachineConfig, refs: readonly Ref[]): PolicySight | null {
  return policy === null ? null : sightIn(refs, policy);
}

function sightIn(refs: readonly Ref[], { repository, ref }: PolicySource): PolicySight {
  const found = refs.find(({ name }) => name === ref);
  if (found !== undefined) return { commit: found.commit, error: null };
  return {
    commit: null,
    error: `${redactUrl(repository)} has no ${ref}, where the fleet's policy should be; see policy.ref in gitops.json`,
  };
}

/** A turn in the future was written before the clock was set back: it is not believed. */
function isTaken(observed: Look | null, turn: Instant, now: Instant): boolean {
  return observed !== null && !isLost(observed) && observed.turn >= turn && observed.turn <= now;
}

/** A good look whose answer is on record no more. */
function isLost({ listed, error }: Look): boolean {
  return listed === null && error === null;
}

function slow(): GitOpsError {
  return new GitOpsError('SOURCE_UNREACHABLE', 'another poller has been looking for too long');
}
