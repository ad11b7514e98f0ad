import type { GithubConfig } from '../config/github.js';
import { NO_FORGE, type Forge } from '../domain/forge.js';
import type { Request } from '../domain/facts.js';
import type { Root } from './root.js';

/** What this machine knows of the forge, by its record. Who goes by git alone loads nothing for it. */
export async function forgeState({ config, layout }: Root, { impatient }: Request): Promise<Forge> {
  const { github } = config;
  if (github === null) return NO_FORGE;
  const { readForge } = await import('../state/forge-store.js');
  const record = await readForge(layout, forgeName(github));
  return { at: 'on', wanted: github.checks, record, hurried: impatient };
}

/** One repository of one forge, told apart from any other. */
export function forgeName({ api, owner, repo }: GithubConfig): string {
  return `${api} ${owner}/${repo}`;
}
