import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isGitOpsError } from '../domain/errors.js';
import type { Env } from './env.js';
import { syncFile, syncFolder } from './files.js';
import { run, type RunOptions } from './run.js';

/** More at once only makes the disk's queue longer. */
const LANES = 16;

/**
 * Has all that lies below a folder on disk: what git, package managers and builds write is not there yet, and after a power loss a
 * record must not vouch for empty files. Linux writes out the whole file system at once; elsewhere each file is asked for.
 * Throws what `run` throws, and what the disk says.
 */
export async function syncTree(
  tree: string,
  { env, ...options }: RunOptions & { readonly env: Env },
): Promise<void> {
  if (process.platform === 'linux' && (await syncFileSystem(tree, { env, ...options }))) return;
  await syncFiles(tree, options.signal);
}

/** The same, file by file: for few of them. */
export async function syncFiles(tree: string, signal: AbortSignal): Promise<void> {
  const entries = await readdir(tree, { withFileTypes: true, recursive: true });
  const rest = entries.filter((entry) => entry.isFile() || entry.isDirectory())[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const entry of rest) {
      signal.throwIfAborted();
      const path = join(entry.parentPath, entry.name);
      await (entry.isFile() ? syncFile(path) : syncFolder(path));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await syncFolder(tree);
}

/** False where the system's `sync` is none that can do this for one file system. */
async function syncFileSystem(
  tree: string,
  { env, ...options }: RunOptions & { readonly env: Env },
): Promise<boolean> {
  try {
    const { code } = await run({ file: 'sync', args: ['-f', tree], cwd: tree, env }, options);
    return code === 0;
  } catch (error) {
    if (isGitOpsError(error, 'COMMAND_MISSING')) return false;
    throw error;
  }
}
