import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { parseReleaseConfig } from '../config/release.js';
import { GitOpsError } from '../domain/errors.js';
import { sameRelease, type Release } from '../domain/release.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { releaseTree } from '../state/layout.js';
import { readMark } from '../workspace/mark.js';
import { stageRelease, type StageRequest } from '../workspace/stage.js';
import { stageKept } from '../workspace/stage-kept.js';
import { readLive } from '../workspace/switch-checkout.js';
import { remember } from './brought.js';
import { accessOf, effortOf, hookEnv, type Workplace } from './workplace.js';

const GIT_LIMIT_MS = 600_000;

/** Stages the release: complete on disk, away from the running one. */
export async function stage(
  place: Workplace,
  upgrade: Upgrade,
  { release, run }: Extract<Phase, { at: 'staging' }>,
): Promise<Event> {
  const { root, signal, report, children } = place;
  const { config, layout, host } = root;
  await report.begin(run);
  const adopted = config.strategy === 'checkout';
  const returning = adopted && sameRelease(upgrade.previous, release);
  if (
    returning &&
    (await stageKept({ state: layout.state, runId: run, release }, effortOf(place, GIT_LIMIT_MS)))
  )
    return { type: 'staged' };
  const {
    config: brings,
    apps,
    nodeRange,
  } = await stageRelease(
    {
      ...{ strategy: config.strategy, root: layout.root, state: layout.state, runId: run, release },
      remote: { url: config.repository, env: (await accessOf(place)).env },
      // A release folder needs the snapshot only; an adopted checkout must not become shallow by us.
      shallow: !adopted,
      seed: adopted ? layout.root : null,
      base: await baseOf(place, upgrade),
      env: host.env,
      hookEnv: hookEnv(place, { ...release, tree: '', previousTag: upgrade.active?.release.tag ?? null }),
      gitMs: GIT_LIMIT_MS,
    },
    { signal, report, children, clock: host.clock, parseConfig: parseReleaseConfig },
  );
  requireEngine(nodeRange, release);
  if (apps !== null) remember(place, release, { config: brings, apps });
  return { type: 'staged' };
}

/** Refuses a release whose `engines.node` this machine's Node.js does not fit. What is no range asks for nothing, as npm has it. */
function requireEngine(range: string | null, { tag }: Release): void {
  if (range === null || validRange(range) === null || satisfies(process.versions.node, range)) return;
  throw new GitOpsError(
    'ENGINE_UNFIT',
    `${tag} wants Node.js ${range}, this machine has ${process.versions.node}`,
    {
      hint: `install a Node.js that fits, and restart pm2 with it; or tag a release that runs on ${process.versions.node}`,
    },
  );
}

/** The proven release whose dependencies may be taken over. */
async function baseOf(
  { root: { config, layout } }: Workplace,
  { active }: Upgrade,
): Promise<StageRequest['base']> {
  if (active === null) return null;
  if (config.strategy === 'checkout')
    return { tree: layout.root, depsKey: (await readLive(layout.state))?.depsKey ?? null };
  const tree = releaseTree(layout, active.release);
  return { tree, depsKey: (await readMark(tree))?.depsKey ?? null };
}
