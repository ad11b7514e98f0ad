import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { Space } from '../domain/disk.js';

const spaceSchema = v.object({ bytes: v.number(), files: v.number() });

/** The schema of a `TreeSize` in a record. */
export const sizeSchema = v.object({ rest: spaceSchema, modules: spaceSchema });

/** What a staged release takes on disk: its dependencies, and all the rest. */
export interface TreeSize {
  readonly rest: Space;
  readonly modules: Space;
}

const BLOCK_BYTES = 512;

const NOTHING: Space = { bytes: 0, files: 0 };

/** A release of which nobody knows what it takes. */
export const UNKNOWN_SIZE: TreeSize = { rest: NOTHING, modules: NOTHING };

/** Measures a tree. It blocks for some microseconds a file, which only a worker may do. */
export function measureTree(tree: string): TreeSize {
  const sums = { rest: { ...NOTHING }, modules: { ...NOTHING } };
  for (const [kind, path] of entriesOf(tree, basename(tree) === 'node_modules' ? 'modules' : 'rest')) {
    const { blocks, nlink } = lstatSync(path);
    sums[kind].files += 1;
    // What a package manager links from its store takes no room here.
    if (nlink === 1) sums[kind].bytes += blocks * BLOCK_BYTES;
  }
  return sums;
}

/** The dependencies alone, where the rest of a tree is not ours to count: in a checkout lies all that people and apps put there. */
export function measureModules(tree: string): Space {
  const modules = join(tree, 'node_modules');
  return existsSync(modules) ? measureTree(modules).modules : NOTHING;
}

type Kind = keyof TreeSize;

function* entriesOf(folder: string, kind: Kind): Generator<[Kind, string]> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const below = entry.name === 'node_modules' ? 'modules' : kind;
    if (entry.isDirectory()) yield* entriesOf(path, below);
    else yield [kind, path];
  }
}
