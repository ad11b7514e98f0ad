import { chmod, rm, stat } from 'node:fs/promises';
import type { Check, Fix } from '../../domain/check.js';
import type { CheckId } from '../../domain/doctor/catalogue.js';
import { isGitOpsError, messageOf } from '../../domain/errors.js';
import { openCheckout } from '../../os/checkout-git.js';
import { hasErrno } from '../../os/files.js';
import { saveList } from '../../runtime/start.js';
import { lockWithin } from '../../state/lock.js';
import { excludeFromStatus } from '../../workspace/adopt.js';
import { freeLocks } from '../../workspace/checkout-locks.js';
import { sweepGitLocks } from '../../workspace/git-locks.js';
import { busy } from '../records.js';
import type { Root } from '../root.js';
import { examine } from './examine.js';
import { Visit } from './visit.js';

/** What `--fix` did about a check, or why it could not. */
export interface Fixed {
  readonly id: CheckId;
  readonly did: string;
  readonly failed: string | null;
}

const LOCK_LIMIT_MS = 2_000;
const LIMIT_MS = 30_000;

/**
 * Mends what may be mended without asking anybody, and checks the machine anew. It holds `upgrade.lock` meanwhile, so that no worker is at work.
 * Throws `BUSY`, `LOCK_UNSUPPORTED`.
 */
export async function mend(root: Root, signal: AbortSignal): Promise<{ fixed: Fixed[]; checks: Check[] }> {
  const { layout, host } = root;
  const holder = { pid: process.pid, startedAt: host.clock.now(), run: null };
  const lock = await lockWithin(LOCK_LIMIT_MS, {
    path: layout.upgradeLock,
    holder,
    clock: host.clock,
    signal,
  });
  if (lock === null) throw busy(null);
  try {
    const fixed: Fixed[] = [];
    for (const { id, fix } of await examine(root, signal, 'holder'))
      if (fix !== null) fixed.push({ id, ...(await mendOne(fix, new Visit(root, signal, 'holder'))) });
    return { fixed, checks: await examine(root, signal, 'holder') };
  } finally {
    lock.release();
  }
}

async function mendOne(fix: Fix, visit: Visit): Promise<Omit<Fixed, 'id'>> {
  const did = tell(fix);
  try {
    await carryOut(fix, visit);
    return { did, failed: null };
  } catch (error) {
    if (isGitOpsError(error) || hasErrno(error, 'EACCES', 'EPERM', 'EBUSY', 'EROFS', 'ENOENT'))
      return { did, failed: messageOf(error) };
    throw error;
  }
}

function tell(fix: Fix): string {
  switch (fix.do) {
    case 'close':
      return `took the rights of others from ${fix.paths.join(', ')}`;
    case 'remove':
      return `removed ${fix.paths.join(', ')}`;
    case 'save':
      return 'pm2 save';
    case 'exclude':
      return 'added what is ours to .git/info/exclude';
    case 'unlock':
      return 'removed the locks of a git that no longer runs';
  }
}

async function carryOut(fix: Fix, visit: Visit): Promise<void> {
  const { root, signal } = visit;
  const { layout, host, config } = root;
  const effort = visit.effort(LIMIT_MS);
  switch (fix.do) {
    case 'close':
      for (const path of fix.paths) await chmod(path, (await stat(path)).mode & 0o700);
      return;
    case 'remove':
      for (const path of fix.paths) await rm(path, { recursive: true, force: true });
      return;
    case 'save':
      return saveList(
        host.env,
        { home: host.pm2Home, platform: host.platform, report: effort.report },
        signal,
      );
    case 'exclude':
      return excludeFromStatus(layout.root, effort);
    case 'unlock':
      await sweepGitLocks(layout.mirror);
      if (config.strategy === 'checkout')
        await freeLocks(await openCheckout(layout.root, effort), { ...effort, clock: host.clock });
  }
}
