import { join } from 'node:path';
import type { Commit } from '../domain/release.js';
import type { CheckoutGit } from '../os/checkout-git.js';
import { exists } from '../os/files.js';
import { headOf, trackedPaths } from './checkout-changes.js';
import { readLive, type Move } from './kept-record.js';
import type { TreeSize } from './size.js';

/** A complete tree; `made` are its topmost paths that the commit does not track, shared ones left out. */
export interface StagedTree {
  readonly tree: string;
  readonly made: readonly string[];
  readonly depsKey: string | null;
  readonly size?: TreeSize | undefined;
  /** `kept`, `none`: the live `node_modules` stay where they are. */
  readonly modules: 'installed' | 'reused' | 'kept' | 'none';
}

interface Planned {
  readonly root: string;
  readonly state: string;
  readonly from: { readonly commit: Commit };
  readonly to: { readonly commit: Commit };
  readonly staged: StagedTree;
}

/** Which things change places in a move that has not begun, looking only. */
export async function planMove(git: CheckoutGit, { root, state, from, to, staged }: Planned): Promise<Move> {
  const before = await readLive(state);
  const stays = staged.modules === 'kept' || staged.modules === 'none';
  const swapped = (path: string): boolean => !(stays && path.split('/').includes('node_modules'));
  const incoming = topmost(staged.made.filter(swapped));
  const outgoing = before?.commit === from.commit ? before.made.filter(swapped) : [];
  const paths = topmost([...incoming, ...outgoing]);
  const tracked = await trackedPaths(git, (await headOf(git)) ?? from.commit);
  const mixed = paths.filter((path) => tracked.has(path));
  const present = await Promise.all(paths.map((path) => exists(join(root, path))));
  const had = paths.filter((path, i) => present[i] === true && !mixed.includes(path));
  return { schema: 1, from: from.commit, to: to.commit, paths, incoming, had, mixed, before };
}

function topmost(paths: readonly string[]): string[] {
  const clean = [...new Set(paths.map((path) => path.replace(/\/+$/, '')))].sort();
  return clean.filter((path) => !clean.some((other) => path.startsWith(`${other}/`)));
}
