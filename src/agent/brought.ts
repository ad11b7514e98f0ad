import { join } from 'node:path';
import { isGitOpsError } from '../domain/errors.js';
import { releaseFolder, type Release } from '../domain/release.js';
import { parseReleaseConfig, type ReleaseConfig } from '../config/release.js';
import { readEcosystem } from '../workspace/ecosystem.js';
import { effortOf, type Workplace } from './workplace.js';

/** What a release brings along: how it is run, and the apps that it wants in pm2 (null without an ecosystem file). */
export interface Brought {
  readonly config: ReleaseConfig;
  readonly apps: readonly Record<string, unknown>[] | null;
  readonly tree: string;
}

const READ_LIMIT_MS = 30_000;

/** Reads what the release in `tree` brings. Throws `RELEASE_INVALID`, `CONFIG_INVALID`. */
export async function readBrought(place: Workplace, tree: string): Promise<Brought> {
  const ecosystem = await readEcosystem(tree, effortOf(place, READ_LIMIT_MS));
  const config = parseReleaseConfig(
    ecosystem?.gitops ?? {},
    ecosystem?.file ?? `${tree}/ecosystem.config.cjs`,
  );
  return { config, apps: ecosystem?.apps ?? null, tree };
}

/** The same for a way back, which must not fail for a configuration that served until now: then the defaults hold. */
export async function readBroughtOrDefaults(place: Workplace, tree: string): Promise<Brought> {
  try {
    return await readBrought(place, tree);
  } catch (error) {
    if (!isGitOpsError(error, 'RELEASE_INVALID', 'CONFIG_INVALID')) throw error;
    place.report.step(`${error.message}; going back with the defaults`);
    return { config: parseReleaseConfig({}, tree), apps: null, tree };
  }
}

/** The folder in which the release that the root names really lies. */
export function liveTree({ root: { config, layout } }: Workplace, release: Release): string {
  return config.strategy === 'checkout' ? layout.root : join(layout.root, 'releases', releaseFolder(release));
}
