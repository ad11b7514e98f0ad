import { join } from 'node:path';
import { skipped, type Check } from '../../domain/check.js';
import { judgeExclude, judgeOwnership, judgeTree } from '../../domain/doctor/checkout.js';
import { judgeLeftovers, judgeLocks, judgeRights } from '../../domain/doctor/state.js';
import type { Upgrade } from '../../domain/upgrade.js';
import { openCheckout } from '../../os/checkout-git.js';
import { namesIn } from '../../os/files.js';
import { unattendedGit } from '../../os/git.js';
import { run } from '../../os/run.js';
import { openParts } from '../../state/inspect.js';
import { missingExcludes } from '../../workspace/adopt.js';
import { staleLocks } from '../../workspace/checkout-locks.js';
import { gitLocksIn } from '../../workspace/git-locks.js';
import { leftoversIn } from '../../workspace/leftovers.js';
import { readTreeTraits } from '../../workspace/tree-traits.js';
import { knownUpgrade } from '../known-upgrade.js';
import type { Root } from '../root.js';
import { activeTree, type Visit } from './visit.js';

const LIMIT_MS = 10_000;
const BUSY = 'a worker is at work';

/** What of the state others get at. */
export async function checkRights({ root: { layout } }: Visit): Promise<Check[]> {
  return [judgeRights(await openParts(layout))];
}

/** What a killed worker left in the state folder. */
export async function checkLeftovers(visit: Visit): Promise<Check[]> {
  if (await visit.isBusy()) return [skipped('root.leftovers', BUSY)];
  const { layout, host } = visit.root;
  const abandoned = await abandonedIn(visit.root, await knownUpgrade(visit.root));
  return [judgeLeftovers([...abandoned, ...(await leftoversIn(layout.state, host.clock.now()))])];
}

/** Stages that no phase has, and what was about to go. A phase that is half done finds its own again. */
async function abandonedIn({ layout: { state, trash } }: Root, { phase }: Upgrade): Promise<string[]> {
  const own = 'run' in phase ? phase.run : null;
  const stage = join(state, 'stage');
  const stages = (await namesIn(stage)).filter((name) => name !== own).map((name) => join(stage, name));
  const trashed = (await namesIn(trash)).map((name) => join(trash, name));
  return [...stages, ...trashed];
}

/** The locks that a killed git left in our mirror, and in an adopted checkout. */
export async function checkGitLocks(visit: Visit): Promise<Check[]> {
  if (await visit.isBusy()) return [skipped('root.git-locks', BUSY)];
  const { layout, host, config } = visit.root;
  const mirrors = await gitLocksIn(layout.mirror);
  if (config.strategy !== 'checkout') return [judgeLocks(mirrors)];
  const git = await openCheckout(layout.root, visit.effort(LIMIT_MS));
  return [judgeLocks([...mirrors, ...(await staleLocks(git, host.clock))])];
}

/** Whether git of this user works in an adopted checkout. */
export async function checkOwnership(visit: Visit): Promise<Check[]> {
  const { layout, config, host } = visit.root;
  if (config.strategy !== 'checkout') return [judgeOwnership(layout.root, null)];
  const asks = async (settings: readonly string[]): Promise<boolean> => {
    const args = [...settings, 'rev-parse', '--git-dir'];
    const command = { file: 'git', args, cwd: layout.root, env: unattendedGit(host.env) };
    return (await run(command, { signal: visit.signal, limitMs: LIMIT_MS })).code === 0;
  };
  const [plain, trusted] = await Promise.all([asks([]), asks(['-c', 'safe.directory=*'])]);
  return [judgeOwnership(layout.root, { plain, trusted })];
}

/** What of releases plain git does not bring. */
export async function checkTree({ root }: Visit): Promise<Check[]> {
  const tree = await activeTree(root);
  return judgeTree(tree === null ? null : await readTreeTraits(tree));
}

/** Whether git status of an adopted checkout shows what is ours. */
export async function checkExclude(visit: Visit): Promise<Check[]> {
  const { layout, config } = visit.root;
  if (config.strategy !== 'checkout') return [judgeExclude(null)];
  return [judgeExclude(await missingExcludes(layout.root, visit.effort(LIMIT_MS)))];
}
