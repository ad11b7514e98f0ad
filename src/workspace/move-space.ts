import { lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Space } from '../domain/disk.js';
import type { Commit } from '../domain/release.js';
import { openCheckout } from '../os/checkout-git.js';
import { changesBetween, headOf } from './checkout-changes.js';
import type { Effort } from './effort.js';

/** A checkout that is to move to a staged release. */
export interface MoveQuestion {
  readonly root: string;
  readonly mirror: string;
  readonly from: { readonly commit: Commit };
  readonly to: { readonly commit: Commit };
  /** The staged tree: it holds every file that the checkout is going to write. */
  readonly tree: string;
}

/**
 * What a move writes: each changed file, once as an object of the checkout and once in the work tree, and git's index twice.
 * What is swapped by rename takes nothing.
 */
export async function moveTakes(
  { root, mirror, from, to, tree }: MoveQuestion,
  effort: Effort,
): Promise<Space> {
  const git = await openCheckout(root, { ...effort, borrowFrom: mirror });
  const changes = await changesBetween(git, (await headOf(git)) ?? from.commit, to.commit);
  const written = await Promise.all(changes.map(({ path }) => sizeOf(join(tree, path))));
  const index = (await git.run(['rev-parse', '--git-path', 'index'])).trim();
  const indexBytes = await sizeOf(resolve(root, index));
  const bytes = written.reduce((sum, size) => sum + size, indexBytes);
  return { bytes: 2 * bytes, files: 2 * changes.length };
}

/** What the new release removes has no size. */
async function sizeOf(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.size ?? 0;
}
