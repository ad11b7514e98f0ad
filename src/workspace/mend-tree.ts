import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, syncFolder } from '../os/files.js';
import { renameStubborn } from '../os/rename.js';

/** A release folder, what of it has to be put right, and a staged tree that has it. */
export interface MendRequest {
  readonly tree: string;
  readonly staged: string;
  readonly paths: readonly string[];
  /** Where what lies in the way is kept. */
  readonly rescue: string;
}

/**
 * Puts paths of a staged tree into a release folder, each by one rename; whatever an app wrote beside them stays. What is in the way
 * is kept, and told in the answer. Can be done again after a kill: what was put right is not asked for again.
 */
export async function mendTree({ tree, staged, paths, rescue }: MendRequest): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) {
    const target = join(tree, path);
    if (await exists(target)) kept.push(await keep(target, join(rescue, path)));
    await mkdir(dirname(target), { recursive: true });
    await renameStubborn(join(staged, path), target);
    await syncFolder(dirname(target));
  }
  return kept;
}

/** Moves something of a person's out of the way, whole. Gives back where it lies now. */
export async function keep(path: string, rescue: string): Promise<string> {
  await mkdir(dirname(rescue), { recursive: true, mode: 0o700 });
  let free = rescue;
  for (let again = 2; await exists(free); again += 1) free = `${rescue}.${again}`;
  await rename(path, free);
  return free;
}
