import type { Commit, Release } from '../domain/release.js';
import { listRuns } from '../state/runs.js';
import { knownUpgrade } from './known-upgrade.js';
import type { Root } from './root.js';

const MOST_RUNS = 50;
const TAGS = 'refs/tags/';

/** The tags of the releases that this machine has dealt with, as its journal and its runs tell: what is left to know a moved one by, where the record of what was seen is lost. */
export async function rememberedTags(root: Root): Promise<Readonly<Record<string, Commit>>> {
  const { active, previous, quarantine } = await knownUpgrade(root);
  const runs = await listRuns(root.layout, MOST_RUNS);
  const releases = [
    ...runs.flatMap(({ from, to }) => [to, from]),
    ...quarantine.map(({ release }) => release),
    previous,
    active?.release,
  ];
  // Of a tag that stands there twice, what serves is told last.
  return Object.fromEntries(releases.flatMap(tagOf));
}

function tagOf(release: Release | null | undefined): [string, Commit][] {
  if (release == null) return [];
  return release.ref === `${TAGS}${release.tag}` ? [[release.tag, release.commit]] : [];
}
