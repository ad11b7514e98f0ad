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
