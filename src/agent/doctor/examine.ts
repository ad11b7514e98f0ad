import { problem, skipped, warning, type Check } from '../../domain/check.js';
import { placeOf, type CheckId } from '../../domain/doctor/catalogue.js';
import { isGitOpsError, messageOf } from '../../domain/errors.js';
import type { Root } from '../root.js';
import { checkApps, checkChildren, checkDrift, checkTraits } from './apps.js';
import { checkEngines } from './engines.js';
import { checkGithub } from './github.js';
import { checkClock, checkDisk, checkGit, checkLocks, checkNode, checkPs } from './machine.js';
import { checkNotices } from './notices.js';
import { checkOrders } from './orders.js';
import {
  checkBoot,
  checkDaemon,
  checkOtherDaemons,
  checkSavedList,
  checkUser,
  checkVersions,
} from './pm2.js';
import { checkPrivacy } from './privacy.js';
import { checkRecords } from './records.js';
import { checkPolling, checkSource } from './source.js';
import {
  checkExclude,
  checkGitLocks,
  checkLeftovers,
  checkOwnership,
  checkRights,
  checkTree,
} from './state.js';
import { checkTrust } from './trust.js';
import { Visit, type Standing } from './visit.js';

/** One look, and the check that tells of it where it fails. */
interface Examination {
  readonly id: CheckId;
  readonly look: (visit: Visit) => Promise<readonly Check[]>;
}

// Before others look: who needs a record that cannot be read puts it aside, who writes one closes the folder.
const FIRST: readonly Examination[] = [
  { id: 'root.records', look: checkRecords },
  { id: 'root.state-rights', look: checkRights },
  // It loads simple-git. While much is under way Node.js 20 was seen to load a linked module by its other path, a second time.
  { id: 'root.exclude', look: checkExclude },
];

const EXAMINATIONS: readonly Examination[] = [
  { id: 'machine.node', look: checkNode },
  { id: 'machine.git', look: checkGit },
  { id: 'machine.locks', look: checkLocks },
  { id: 'machine.ps', look: checkPs },
  { id: 'machine.disk', look: checkDisk },
  { id: 'machine.clock', look: checkClock },
  { id: 'source.source', look: checkSource },
  { id: 'source.poll', look: checkPolling },
  { id: 'source.github', look: checkGithub },
  { id: 'trust.signatures', look: checkTrust },
  { id: 'pm2.pm2', look: checkDaemon },
  { id: 'pm2.user', look: checkUser },
  { id: 'pm2.version', look: checkVersions },
  { id: 'pm2.other-daemons', look: checkOtherDaemons },
  { id: 'pm2.saved-list', look: checkSavedList },
  { id: 'pm2.startup', look: checkBoot },
  { id: 'apps.apps', look: checkApps },
  { id: 'apps.treekill-changed', look: checkTraits },
  { id: 'apps.engines', look: checkEngines },
  { id: 'apps.drift', look: checkDrift },
  { id: 'apps.children', look: checkChildren },
  { id: 'root.privacy', look: checkPrivacy },
  { id: 'root.leftovers', look: checkLeftovers },
  { id: 'root.git-locks', look: checkGitLocks },
  { id: 'root.ownership', look: checkOwnership },
  { id: 'root.checkout', look: checkTree },
  { id: 'root.notices', look: checkNotices },
  { id: 'policy.hold', look: checkOrders },
];

// Each look has limits of its own; this one is for what has none, as a disk that does not answer.
const LIMIT_MS = 30_000;

/** Checks the whole machine, each thing on its own and side by side; none keeps another from being told, and none is waited for without an end. */
export async function examine(root: Root, signal: AbortSignal, standing?: Standing): Promise<Check[]> {
  const over = new AbortController();
  const visit = new Visit(root, AbortSignal.any([signal, over.signal]), standing);
  try {
    const first = await Promise.all(FIRST.map((each) => bounded(each, visit)));
    const found = await Promise.all(EXAMINATIONS.map((each) => bounded(each, visit)));
    return [...first.flat(), ...found.flat()].sort((a, b) => placeOf(a.id) - placeOf(b.id));
  } finally {
    over.abort(); // what was not waited for is not to keep the process
  }
}

async function bounded({ id, look }: Examination, visit: Visit): Promise<readonly Check[]> {
  const done = new AbortController();
  const late = visit.root.host.clock.sleep(LIMIT_MS, AbortSignal.any([done.signal, visit.signal])).then(
    () => [
      warning(id, `no answer within ${LIMIT_MS / 1000} s`, 'see what hangs: a network disk, a busy machine'),
    ],
    () => (visit.signal.aborted ? [skipped(id, 'cancelled')] : []),
  );
  try {
    return await Promise.race([orRefusal(id, () => look(visit)), late]);
  } finally {
    done.abort();
  }
}

/** What a check cannot look at is told by it all the same. Bugs crash. */
async function orRefusal(id: CheckId, look: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    if (isGitOpsError(error)) return [problem(id, error.message, error.hint ?? 'see the message')];
    if (!isOfSystem(error)) throw error;
    return [problem(id, messageOf(error), 'see what it names: its rights, and whether its disk is well')];
  }
}

/** A refusal of the system, with its errno. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}
