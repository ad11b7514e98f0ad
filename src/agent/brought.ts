import { isGitOpsError } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import { releaseTree } from '../state/layout.js';
import { parseReleaseConfig, type ReleaseConfig } from '../config/release.js';
import { readEcosystem } from '../workspace/ecosystem.js';
import { relocateApps } from '../workspace/relocate.js';
import { switchingOf } from './switching.js';
import { effortOf, type Workplace } from './workplace.js';

/** What a release brings along: how it is run, and the apps that it wants in pm2 (null without an ecosystem file). */
export interface Brought {
  readonly config: ReleaseConfig;
  /** As pm2 must record them: their paths name where the root serves from, never a stage or a release folder. */
  readonly apps: readonly Readonly<Record<string, unknown>>[] | null;
}

const READ_LIMIT_MS = 30_000;

/** Reads what a release in `tree` brings; once in a worker's visit, since it takes a process. Throws `RELEASE_INVALID`, `CONFIG_INVALID`. */
export async function readBrought(
  place: Workplace,
  { commit }: Pick<Release, 'commit'>,
  tree: string,
): Promise<Brought> {
  const known = place.brought.get(commit);
  if (known !== undefined) return known;
  const ecosystem = await readEcosystem(tree, effortOf(place, READ_LIMIT_MS));
  // What is kept for a way back holds no such file, though the release has one.
  if (ecosystem === null) return { config: parseReleaseConfig({}, tree), apps: null };
  const config = parseReleaseConfig(ecosystem.gitops ?? {}, ecosystem.file);
  const apps = await relocateApps(ecosystem.apps, { from: tree, to: switchingOf(place).live });
  return remember(place, { commit }, { config, apps });
}

/** Keeps what staging has read already. */
export function remember(place: Workplace, { commit }: Pick<Release, 'commit'>, brought: Brought): Brought {
  place.brought.set(commit, brought);
  return brought;
}

/** The same for a way back, which must not fail for a configuration that served until now: then the defaults hold. */
export async function readBroughtOrDefaults(
  place: Workplace,
  release: Pick<Release, 'commit'>,
  tree: string,
): Promise<Brought> {
  try {
    return await readBrought(place, release, tree);
  } catch (error) {
    if (!isGitOpsError(error, 'RELEASE_INVALID', 'CONFIG_INVALID')) throw error;
    place.report.step(`${error.message}; going on with the defaults`);
    return { config: parseReleaseConfig({}, tree), apps: null };
  }
}

/** The folder in which the release that the root names really lies. */
export function liveTree({ root: { config, layout } }: Workplace, release: Release): string {
  return config.strategy === 'checkout' ? layout.root : releaseTree(layout, release);
}
