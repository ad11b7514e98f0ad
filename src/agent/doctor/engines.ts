import type { Check } from '../../domain/check.js';
import { judgeEngines, type Engines } from '../../domain/doctor/engines.js';
import { describeRelease } from '../../domain/release.js';
import { engineRangeIn, engineRangeOf } from '../../workspace/tree-traits.js';
import { activeTree, releaseToCome, type Visit } from './visit.js';

const LIMIT_MS = 10_000;

/** The Node.js of agent and daemon, against what the active release asks for, and the one that the channel picks if it was fetched. */
export async function checkEngines(visit: Visit): Promise<Check[]> {
  const sight = await visit.pm2();
  const releases = [...(await active(visit)), ...(await desired(visit))];
  return judgeEngines({
    agent: process.versions.node,
    daemon: sight?.info.nodeVersion ?? null,
    releases,
  });
}

async function active({ root, facts }: Visit): Promise<Engines['releases']> {
  const { upgrade } = await facts();
  const tree = await activeTree(root);
  if (upgrade.active === null || tree === null) return [];
  const name = describeRelease(upgrade.active.release);
  return [{ name, is: 'active', range: await engineRangeIn(tree) }];
}

async function desired(visit: Visit): Promise<Engines['releases']> {
  const facts = await visit.facts();
  const release = releaseToCome(facts);
  if (release === null || release.commit === facts.upgrade.active?.release.commit) return [];
  const range = await engineRangeOf(visit.root.layout.mirror, release.commit, visit.effort(LIMIT_MS));
  return range === undefined ? [] : [{ name: describeRelease(release), is: 'desired', range }];
}
