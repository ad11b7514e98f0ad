import { ok, orOk, problem, skipped, warning, type Check } from '../../domain/check.js';
import { mayRepair } from '../../domain/decide.js';
import { judgeTraits } from '../../domain/doctor/apps.js';
import { tellDrift } from '../../domain/tell-drift.js';
import { isGitOpsError } from '../../domain/errors.js';
import type { ListedProcess } from '../../runtime/processes.js';
import { followsNothing, rootProcesses } from '../apps.js';
import { knownUpgrade } from '../known-upgrade.js';
import { lookByEye } from '../look-closely.js';
import { gatherFacts } from '../facts.js';
import { findOrphans } from '../orphans.js';
import { describeOrphan } from '../settle-orphans.js';
import type { Root } from '../root.js';
import type { Visit } from './visit.js';

const NO_PM2 = 'pm2 does not tell';

/** Which apps belong to the root, and whether each can follow its releases. */
export async function checkApps({ root, signal }: Visit): Promise<Check[]> {
  const found = await activeProcesses(root, signal).catch((error: unknown) => {
    if (isGitOpsError(error)) return null;
    throw error;
  });
  // That is told by its own check.
  if (found === null) return ['apps.apps' as const, 'apps.pinned' as const].map((id) => skipped(id, NO_PM2));
  if (found.length === 0) return [await noApps(root)];
  const names = [...new Set(found.map(({ name }) => name))];
  const pinned = found.filter(
    (process) => root.config.strategy === 'releases' && followsNothing(root, process),
  );
  const stuck = [...new Set(pinned.map(({ name }) => name))].map((name) =>
    problem(
      'apps.pinned',
      `pm2 holds ${name} on one release folder: it cannot follow "current"`,
      `pm2 delete ${name} && pm2-gitops apply`,
    ),
  );
  return [
    ok('apps.apps', `${found.length} processes of ${names.join(', ')}`),
    ...orOk(stuck, 'apps.pinned', 'each app can follow its releases'),
  ];
}

async function activeProcesses(root: Root, signal: AbortSignal): Promise<ListedProcess[]> {
  const { active } = await knownUpgrade(root);
  return rootProcesses(root, active?.apps ?? null, signal);
}

async function noApps(root: Root): Promise<Check> {
  const { layout, config, host } = root;
  const { active } = await knownUpgrade(root);
  const detail = `no process of the pm2 at ${host.pm2Home} runs from ${layout.root}`;
  if (config.apps !== null)
    return problem(
      'apps.apps',
      `${detail} under the names ${config.apps.join(', ')}`,
      'correct "apps" in gitops.json, or start them',
    );
  return active === null
    ? ok('apps.apps', 'none yet: the first apply starts those of ecosystem.config.cjs')
    : warning('apps.apps', detail, 'start them with pm2, or name them under "apps" in gitops.json');
}

/** The traps that lie in how pm2 runs the apps. */
export async function checkTraits({ pm2 }: Visit): Promise<Check[]> {
  const sight = await pm2();
  return sight === null
    ? [skipped('apps.treekill-changed', NO_PM2)]
    : judgeTraits(sight.ours.map(({ traits }) => traits));
}

/** Whether all that is active is as it was left; each drift with its mend. */
export async function checkDrift({ root, signal }: Visit): Promise<Check[]> {
  const facts = await gatherFacts(root);
  const { active, repairs } = facts.upgrade;
  if (active === null) return [skipped('apps.drift', 'no release is active')];
  const { drift } = await lookByEye(root, facts.upgrade, signal);
  if (drift.length === 0) return [ok('apps.drift', 'none')];
  const terms = { active, allowed: mayRepair(facts), repairs, asked: false, now: facts.now };
  return tellDrift(drift, terms).map(({ detail, repair, mend }) =>
    warning('apps.drift', detail, repair === 'poll' ? `nothing: the next poll repairs it; or ${mend}` : mend),
  );
}

/** Whether former lives of the apps left processes behind. */
export async function checkChildren({ root, signal }: Visit): Promise<Check[]> {
  const { active } = await knownUpgrade(root);
  const orphans = await findOrphans(root, active?.apps ?? null, signal);
  if (root.host.platform !== 'linux') return [skipped('apps.children', 'the system does not tell')];
  const found = orphans.map((orphan) =>
    warning(
      'apps.children',
      describeOrphan(orphan),
      `kill ${orphan.pid}; "children": "reap" in the release's gitops key has each run end them`,
    ),
  );
  return orOk(found, 'apps.children', 'none is left behind');
}
