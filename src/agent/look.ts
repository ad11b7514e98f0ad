import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { afterFailedLook, afterLook, type Observed } from '../domain/observed.js';
import { redactUrl } from '../domain/redact.js';
import type { Instant } from '../domain/release.js';
import { makePrivateFolder } from '../os/files.js';
import { openAccess } from '../source/credentials.js';
import { listRefs } from '../source/git.js';
import { lockWithin, tryLock, type Lock } from '../state/lock.js';
import { readObserved, writeObserved } from '../state/store.js';
import { diskOf, refusalOf } from './room.js';
import type { Root } from './root.js';

// Longer than a look may take.
const LOOK_WAIT_MS = 120_000;

/**
 * Takes the machine's turn that was due at `turn`: one look at the source, whatever the number of pollers.
 * Null if the turn was taken already or another poller is taking it now.
 */
export async function takeTurn(root: Root, turn: Instant, signal: AbortSignal): Promise<Observed | null> {
  const { layout, host } = root;
  if (isTaken(await readObserved(layout), turn, host.clock.now())) return null;
  await makePrivateFolder(layout.state);
  const lock = await tryLock(layout.pollLock, { pid: process.pid, startedAt: host.clock.now(), run: null });
  if (lock === null) return null;
  return underLock(lock, async () => {
    const before = await readObserved(layout);
    return isTaken(before, turn, host.clock.now()) ? null : look(root, { before, turn }, signal);
  });
}

/**
 * Looks now, because somebody asked; waits for a look that is under way. A disk that takes nothing is a look that failed:
 * what was known before is told with it.
 */
export async function lookNow(root: Root, signal: AbortSignal): Promise<Observed> {
  const { layout, host } = root;
  const refusal = refusalOf(await diskOf(root));
  if (refusal !== null)
    return afterFailedLook(await readObserved(layout), refusal, { turn: 0, at: host.clock.now() });
  await makePrivateFolder(layout.state);
  const asked = host.clock.now();
  const holder = { pid: process.pid, startedAt: asked, run: null };
  const lock = await lockWithin(LOOK_WAIT_MS, { path: layout.pollLock, holder, clock: host.clock, signal });
  const before = await readObserved(layout);
  if (lock === null) return before ?? afterFailedLook(null, slow(), { turn: 0, at: host.clock.now() });
  return underLock(lock, async () => {
    const now = host.clock.now();
    // A look in the future is one from before the clock was set back.
    const answered = before !== null && before.error === null && before.at > asked && before.at <= now;
    return answered ? before : look(root, { before, turn: before?.turn ?? 0 }, signal);
  });
}

async function underLock<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** One look, written down whatever comes of it. */
async function look(
  root: Root,
  { before, turn }: { before: Observed | null; turn: Instant },
  signal: AbortSignal,
): Promise<Observed> {
  const { config, layout, host } = root;
  const at = host.clock.now();
  const { tagPrefix } = config;
  let after: Observed;
  try {
    const { env } = await openAccess(config, host);
    const refs = await listRefs({ url: config.repository, env }, config.channel, {
      cwd: layout.root,
      signal,
      background: host.background,
    });
    if (refs.length === 0 && (before?.refs.length ?? 0) > 0) throw emptied(config.repository);
    after = afterLook(before, refs, { turn, at, tagPrefix });
  } catch (error) {
    // Cancelled, or a bug: neither tells anything about the source.
    if (signal.aborted || !isGitOpsError(error)) throw error;
    after = afterFailedLook(before, error, { turn, at });
  }
  await writeObserved(layout, after);
  return after;
}

/** A turn in the future was written before the clock was set back: it is not believed. */
function isTaken(observed: Observed | null, turn: Instant, now: Instant): boolean {
  return observed !== null && observed.turn >= turn && observed.turn <= now;
}

/** A login page, or a proxy's, answers the question for refs with none at all. A repository does not lose all of them. */
function emptied(repository: string): GitOpsError {
  return new GitOpsError('SOURCE_UNREACHABLE', `${redactUrl(repository)} answers, but with no ref at all`, {
    hint: 'see what answers there: a login page, a proxy, an emptied repository?',
  });
}

function slow(): GitOpsError {
  return new GitOpsError('SOURCE_UNREACHABLE', 'another poller has been looking for too long');
}
