import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseConfig } from '../config/release.js';
import { addSpace, diskShort, FLOOR, isShortOf } from '../domain/disk.js';
import { lookAtDisk } from '../os/disk.js';
import { depsKey } from './deps-key.js';
import type { Effort } from './effort.js';
import { installDependencies } from './install.js';
import { readProject, type Project } from './project.js';
import { reuseModules } from './reuse-modules.js';
import { UNKNOWN_SIZE, type TreeSize } from './size.js';

/** How a staged release came by its dependencies; `kept`: those of the live tree stay, or all was complete before. */
export type Modules = 'installed' | 'reused' | 'kept' | 'none';

/** A proven release, and what its dependencies were installed from (null: unknown, never reuse). */
export interface ModulesBase {
  readonly tree: string;
  readonly depsKey: string | null;
  /** What it took on disk, where that is known. */
  readonly size?: TreeSize | undefined;
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
  const taken = await takeFromBase(request, key, effort);
  if (taken !== null) return { depsKey: key, modules: taken };
  requireRoom(request);
  return { depsKey: key, modules: await installDependencies({ project, ...mode }, effort) };
}

/** An install that clearly does not fit would fill the disk for everybody on it. Half the size: a release may bring less than the one before. */
function requireRoom({ tree, base }: DependencyRequest): void {
  const { bytes, files } = (base?.size ?? UNKNOWN_SIZE).modules;
  const need = addSpace(FLOOR, { bytes: bytes / 2, files: Math.ceil(files / 2) });
  const disk = lookAtDisk(tree);
  if (disk !== null && isShortOf(disk, need)) throw diskShort(disk, need);
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
