import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseConfig } from '../config/release.js';
import { depsKey } from './deps-key.js';
import type { Effort } from './effort.js';
import { installDependencies } from './install.js';
import { readProject, type Project } from './project.js';
import { reuseModules } from './reuse-modules.js';

/** How a staged release came by its dependencies; `kept`: those of the live tree stay, or all was complete before. */
export type Modules = 'installed' | 'reused' | 'kept' | 'none';

/** A proven release, and what its dependencies were installed from (null: unknown, never reuse). */
export interface ModulesBase {
  readonly tree: string;
  readonly depsKey: string | null;
}

/** A fresh tree that needs its dependencies. */
export interface DependencyRequest {
  readonly tree: string;
  readonly base: ModulesBase | null;
  readonly strategy: 'releases' | 'checkout';
  readonly config: ReleaseConfig;
}

/** Gives a tree its dependencies with the least work: those of the base if an install would make the same, else by an install. */
export async function stageDependencies(
  request: DependencyRequest,
  effort: Effort,
): Promise<{ depsKey: string | null; modules: Modules }> {
  const project = await readProject(request.tree);
  const mode = { install: request.config.install, dev: request.config.build !== null };
  const key = await depsKey(project, mode);
  const modules =
    (await takeFromBase(request, key, effort)) ?? (await installDependencies({ project, ...mode }, effort));
  return { depsKey: key, modules };
}

async function takeFromBase(
  { tree, base, strategy, config }: DependencyRequest,
  key: string | null,
  effort: Effort,
): Promise<Modules | null> {
  if (base === null || key === null || base.depsKey !== key) return null;
  if (strategy === 'checkout' && config.build === null && config.hooks.afterStage === null) {
    effort.report.step('install: dependencies are unchanged, they stay where they are');
    return 'kept';
  }
  effort.report.step('install: dependencies are unchanged, they are copied');
  if (await reuseModules({ from: base.tree, to: tree }, effort.signal)) return 'reused';
  await rm(join(tree, 'node_modules'), { recursive: true, force: true });
  return null;
}

/** The key under which a tree that lies on disk may lend its dependencies; what it says is only as true as `trustInstalled`. */
export async function depsKeyOf(tree: string, config: ReleaseConfig): Promise<string | null> {
  const project: Project = await readProject(tree);
  return depsKey(project, { install: config.install, dev: config.build !== null });
}
