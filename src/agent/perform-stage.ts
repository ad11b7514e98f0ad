import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { parseReleaseConfig } from '../config/release.js';
import { GitOpsError } from '../domain/errors.js';
import { sameRelease, type Release } from '../domain/release.js';
import type { Event, Phase, Upgrade } from '../domain/upgrade.js';
import { RUN_MARK } from '../os/run.js';
import { releaseTree } from '../state/layout.js';
import { readMark, type ReleaseMark } from '../workspace/mark.js';
import { UNKNOWN_SIZE } from '../workspace/size.js';
import type { ModulesBase } from '../workspace/stage-dependencies.js';
import { stageCommit, stageRelease, type StageRequest, type StageTools } from '../workspace/stage.js';
import { stageKept } from '../workspace/stage-kept.js';
import { readLive } from '../workspace/switch-checkout.js';
import { remember } from './brought.js';
import { requireVerified } from './verify-release.js';
import { accessOf, effortOf, hookEnv, type Workplace } from './workplace.js';

const GIT_LIMIT_MS = 600_000;

/** Stages the release: complete on disk, away from the running one. */
export async function stage(
  place: Workplace,
  upgrade: Upgrade,
  { release, run }: Extract<Phase, { at: 'staging' }>,
): Promise<Event> {
  const { config, layout } = place.root;
  await place.report.begin(run);
  await requireVerified(place, release);
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
    await requestOf(place, upgrade, { release, run, base: await baseOf(place, upgrade) }),
    toolsOf(place),
  );
  requireEngine(nodeRange, release);
  if (apps !== null) remember(place, release, { config: brings, apps });
  return { type: 'staged' };
}

/**
 * Stages the active release again, beside its folder, which lacks something: only its committed files, or, where something that install
 * or build had made is lost, all of it. Gives back the tree. What the folder itself has left is lent only while nothing made is lost.
 */
export async function stageBeside(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, made }: { readonly release: Release; readonly run: string; readonly made: boolean },
): Promise<string> {
  const request = await requestOf(place, upgrade, { release, run, base: null });
  if (!made) return stageCommit(request, toolsOf(place));
  return (await stageRelease({ ...request, beside: true }, toolsOf(place))).tree;
}

async function requestOf(
  place: Workplace,
  upgrade: Upgrade,
  { release, run, base }: { release: Release; run: string; base: StageRequest['base'] },
): Promise<StageRequest> {
  const { config, layout, host } = place.root;
  const adopted = config.strategy === 'checkout';
  return {
    ...{ strategy: config.strategy, root: layout.root, state: layout.state, runId: run, release, base },
    remote: { url: config.repository, env: (await accessOf(place)).env },
    // A release folder needs the snapshot only; an adopted checkout must not become shallow by us.
    shallow: !adopted,
    seed: adopted ? layout.root : null,
    env: { ...host.env, [RUN_MARK]: run },
    hookEnv: hookEnv(place, { ...release, tree: '', previousTag: upgrade.active?.release.tag ?? null }),
    gitMs: GIT_LIMIT_MS,
  };
}

function toolsOf({ root: { host }, signal, report, children }: Workplace): StageTools {
  return { signal, report, children, clock: host.clock, parseConfig: parseReleaseConfig };
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
export async function baseOf(
  { root: { config, layout } }: Workplace,
  { active }: Upgrade,
): Promise<ModulesBase | null> {
  if (active === null) return null;
  if (config.strategy === 'checkout') return baseIn(layout.root, await readLive(layout.state));
  const tree = releaseTree(layout, active.release);
  return baseIn(tree, await readMark(tree));
}

function baseIn(tree: string, found: Pick<ReleaseMark, 'depsKey' | 'size'> | null): ModulesBase {
  return { tree, depsKey: found?.depsKey ?? null, size: found?.size ?? UNKNOWN_SIZE };
}
