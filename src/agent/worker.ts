import { rmdir } from 'node:fs/promises';
import type { Decision } from '../domain/decide.js';
import { FLOOR, isShortOf } from '../domain/disk.js';
import { isGitOpsError, messageOf, type GitOpsError } from '../domain/errors.js';
import { next } from '../domain/next.js';
import type { Run } from '../domain/run.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { makePrivateFolder } from '../os/files.js';
import { endOrphans } from '../state/children.js';
import type { Journal } from '../state/journal.js';
import { listProcesses } from '../runtime/processes.js';
import { lockWithin, type Lock } from '../state/lock.js';
import { makeReserve, withReserve } from '../state/reserve.js';
import { isDaemonLost, withDaemon } from './apps.js';
import { insist } from './insist.js';
import { knownUpgrade, openUpgrade } from './known-upgrade.js';
import { perform } from './perform.js';
import { recordBegin, recordEnd, type Transition } from './record-run.js';
import { diskOf, refusalOf } from './room.js';
import { tellBegin } from './tell-deployment.js';
import { tellRelease } from './tell-release.js';
import { tidy } from './tidy.js';
import type { RunReport, Workplace } from './workplace.js';

/** What a worker's visit came to. */
export type Visit =
  | { readonly kind: 'busy' }
  /** Nothing (more) to do, for the reason in the decision. `run` is the run that ended in this visit, if one did. */
  | {
      readonly kind: 'rested';
      readonly phase: Phase['at'];
      readonly decision: Decision | null;
      readonly run: Run | null;
      readonly error: GitOpsError | null;
    };

const LOCK_WAIT_MS = 1_000;
const PATIENCE_MS = 300_000;

/** One visit of a worker: takes the lock or leaves, finishes what is unfinished, then brings the machine to the desired release. */
export async function work(place: Workplace): Promise<Visit> {
  const readOnly = await whyReadOnly(place);
  if (readOnly !== null) return readOnly;
  const lock = await takeLock(place);
  if (lock === null) return { kind: 'busy' };
  try {
    const { layout } = place.root;
    await endOrphans(layout.children);
    place.children.begin();
    // Whoever is killed from here on is tidied up after. Where the disk is full that must wait for the next run.
    await withReserve(layout.reserve, () => makePrivateFolder(layout.trash)).catch(() => undefined);
    const { journal, upgrade: found, retraced } = await openUpgrade(place.root);
    if (retraced)
      place.report.step(
        'the journal was lost; what is known comes from the runs on record and what lies here',
      );
    const lost = await whyWithoutPm2(place, found);
    if (lost !== null) return restedBy(lost, found);
    await makeReserve(layout.reserve);
    const visit = await advance(place, journal, await resume(place, journal, found));
    await tidyUp(place, await knownUpgrade(place.root));
    place.children.end();
    await rmdir(layout.trash).catch(() => undefined); // last of all; what still lies in there, the next poll has removed
    return visit;
  } finally {
    place.children.end();
    lock.release();
  }
}

/** On a read-only disk there is nothing that a worker could do, and nothing of it may count as a start of the candidate. */
async function whyReadOnly({ root }: Workplace): Promise<Visit | null> {
  const disk = diskOf(root);
  const refusal = disk.at === 'readonly' ? refusalOf(disk) : null;
  return refusal === null ? null : restedBy(refusal, await knownUpgrade(root));
}

function restedBy(error: GitOpsError, { phase }: Upgrade, run: Run | null = null): Visit {
  return { kind: 'rested', phase: phase.at, decision: null, run, error };
}

/** What is left lying about is no reason to call a run that ended well anything else. */
async function tidyUp(place: Workplace, upgrade: Upgrade): Promise<void> {
  try {
    await tidy(place, upgrade);
  } catch (error) {
    place.report.step(`warning: not everything could be tidied up: ${messageOf(error)}`);
  }
}

async function takeLock({ root: { layout, host }, order, signal }: Workplace): Promise<Lock | null> {
  await makePrivateFolder(layout.state);
  const holder = { pid: process.pid, startedAt: host.clock.now(), run: order.run };
  return lockWithin(LOCK_WAIT_MS, { path: layout.upgradeLock, holder, clock: host.clock, signal });
}

/** While pm2 does not answer, a roll that was cut off can only wait; that must not count as another start of the candidate. */
async function whyWithoutPm2(
  { root, order, signal }: Workplace,
  { phase }: Upgrade,
): Promise<GitOpsError | null> {
  if (order.startPm2 || (phase.at !== 'proving' && phase.at !== 'rollingBack')) return null;
  try {
    // A question, not only a connection: the kernel takes that for a daemon that hangs as well.
    return await withDaemon(root, signal, (daemon) => listProcesses(daemon, signal).then(() => null));
  } catch (error) {
    if (isDaemonLost(error)) return error;
    throw error;
  }
}

/** What a former worker left unfinished is counted and then simply done again. */
async function resume(place: Workplace, journal: Journal, upgrade: Upgrade): Promise<Upgrade> {
  const { clock } = place.root.host;
  const event: Event = { type: 'resumed', at: clock.now() };
  const after = next(upgrade, event);
  if (after === upgrade) return upgrade;
  // What a full disk cut off says nothing about the candidate.
  if (isShortOf(diskOf(place.root), FLOOR)) return upgrade;
  await recordEnd(place, { before: upgrade, after, event });
  await journal.append(after, clock.now());
  return after;
}

/** The loop: the work of the phase, its event, the next phase on disk before its work begins. */
async function advance(place: Workplace, journal: Journal, found: Upgrade): Promise<Visit> {
  const { clock } = place.root.host;
  let upgrade = found;
  let run: Run | null = null;
  let error: GitOpsError | null = null;
  for (;;) {
    const result = await perform(place, upgrade);
    if (result.event === null)
      return {
        kind: 'rested',
        phase: upgrade.phase.at,
        decision: result.decision,
        run,
        error: result.error ?? error,
      };
    const event = cleaned(result.event, place.report);
    const after = next(upgrade, event);
    if (after === upgrade) throw new Error(`${event.type} does not belong to ${upgrade.phase.at}`);
    const step = { before: upgrade, after, event };
    run = (await recordEnd(place, step)) ?? run;
    const refusal = await writeDown(place, upgrade, () => journal.append(after, clock.now()));
    if (refusal !== null) return restedBy(result.error ?? refusal, upgrade);
    const begun = await recordBegin(place, step);
    await Promise.all([tellRelease(place, begun), tellBegin(place, begun)]);
    error = result.error ?? error;
    upgrade = after;
    if (isOver(step)) return { kind: 'rested', phase: after.phase.at, decision: null, run, error };
  }
}

/** What the disk does not take has not happened: the next worker does the phase's work again. Gives back why. */
async function writeDown(
  place: Workplace,
  { phase: { at } }: Upgrade,
  write: () => Promise<void>,
): Promise<GitOpsError | null> {
  // Before the root is touched it can as well be tried again another time.
  const isEarly = at === 'idle' || at === 'staging' || at === 'staged' || at === 'stuck';
  try {
    await insist(place, write, isEarly ? 0 : PATIENCE_MS);
    return null;
  } catch (error) {
    if (isGitOpsError(error, 'DISK_FULL', 'DISK_READONLY')) return error;
    throw error;
  }
}

/** What goes on record and to every screen from here: without control characters and secrets, whatever a program printed. */
function cleaned(event: Event, report: RunReport): Event {
  return 'cause' in event ? { ...event, cause: report.clean(event.cause) } : event;
}

/** After a failure, a way back or a repair the visit ends: the next poll looks anew, a loop cannot turn here, and a visit's run is one. */
function isOver({ before, after: { phase }, event }: Transition): boolean {
  if (phase.at === 'stuck') return true;
  if (phase.at !== 'idle' && phase.at !== 'staged') return false;
  return before.phase.at === 'repairing' || ['failed', 'rolledBack', 'kept'].includes(event.type);
}
