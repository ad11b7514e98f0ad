import { GitOpsError } from '../domain/errors.js';
import { next } from '../domain/next.js';
import type { Instant, Release } from '../domain/release.js';
import { makePrivateFolder } from '../os/files.js';
import { lockWithin } from '../state/lock.js';
import { changeOrders } from '../state/store.js';
import { forgetRefusals } from '../state/trust-store.js';
import { openUpgrade } from './known-upgrade.js';
import { busy } from './records.js';
import { namedRelease } from './request.js';
import { lookNow } from './look.js';
import type { Root } from './root.js';

// As short as git writes a commit.
const SHORTEST_ID = 7;

/** Holds this machine on one release. Throws `TAG_UNKNOWN`. */
export async function pin(
  root: Root,
  { tag, until }: { tag: string; until: Instant | null },
  signal: AbortSignal,
): Promise<Release> {
  const release = namedRelease(root, await lookNow(root, signal), tag);
  await pinRelease(root, release, until);
  return release;
}

/** Holds this machine on a release that is known already. */
export async function pinRelease(
  { layout, host }: Root,
  release: Release,
  until: Instant | null,
): Promise<void> {
  await changeOrders(layout, { pin: { release, since: host.clock.now(), until } });
}

/** Lets this machine follow its channel again. Gives back the pin that was, or null. */
export async function unpin({ layout }: Root): Promise<Release | null> {
  const before = await changeOrders(layout, { pin: null });
  return before?.pin?.release ?? null;
}

/** Stops all changes. */
export async function hold(
  { layout, host }: Root,
  { reason, until }: { reason: string | null; until: Instant | null },
): Promise<void> {
  await changeOrders(layout, { hold: { reason, since: host.clock.now(), until } });
}

/** Lets changes happen again. Gives back whether they were stopped: by a hold, or by orders that nobody could read. */
export async function resume({ layout }: Root): Promise<boolean> {
  const before = await changeOrders(layout, { hold: null });
  // Nobody could read them: then they stopped everything.
  return before?.hold !== null;
}

/**
 * Takes a release (null: all) out of quarantine, lets its signature be looked at again, and leads out of `stuck`. Gives back whether there was anything to lead out of.
 * Throws `BUSY` while a worker is at work, `TAG_UNKNOWN` for a tag that is not in quarantine.
 */
export async function retry(root: Root, tag: string | null, signal: AbortSignal): Promise<boolean> {
  const { layout, host } = root;
  await makePrivateFolder(layout.state);
  const holder = { pid: process.pid, startedAt: host.clock.now(), run: null };
  const lock = await lockWithin(1_000, { path: layout.upgradeLock, holder, clock: host.clock, signal });
  if (lock === null) throw busy(null);
  try {
    const { journal, upgrade } = await openUpgrade(root);
    const forgotten = await forgetRefusals(layout, tag, host.clock.now());
    const entry =
      tag === null
        ? null
        : upgrade.quarantine.find(
            ({ release }) =>
              release.tag === tag || (tag.length >= SHORTEST_ID && release.commit.startsWith(tag)),
          );
    if (entry === undefined && forgotten.length === 0)
      throw notQuarantined(
        tag ?? '',
        upgrade.quarantine.map(({ release }) => release.tag),
      );
    const commit = entry === undefined ? forgotten[0] : entry?.release.commit;
    const after = next(upgrade, { type: 'retried', commit: commit ?? null });
    if (after !== upgrade) await journal.append(after, host.clock.now());
    return forgotten.length > 0 || after !== upgrade;
  } finally {
    lock.release();
  }
}

function notQuarantined(tag: string, known: readonly string[]): GitOpsError {
  return new GitOpsError('TAG_UNKNOWN', `${tag} is not in quarantine`, {
    hint: known.length === 0 ? 'nothing is in quarantine' : `in quarantine: ${known.join(', ')}`,
  });
}
