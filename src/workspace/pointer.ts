import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Instant } from '../domain/release.js';
import { hasErrno } from '../os/files.js';

/** What `<root>/current` is. */
export interface Pointer {
  /** The name of the release folder of this root that it names; null: it names none. */
  readonly folder: string | null;
  /** `names releases/v1.0.0-1a2b3c4`, for people. */
  readonly what: string;
  /** Since when; null where there is nothing. */
  readonly since: Instant | null;
}

/** Looks at `<root>/current`: two questions to the file system, three if all is well. */
export async function lookAtPointer(root: string): Promise<Pointer> {
  const path = join(root, 'current');
  const found = await lstat(path).catch(ifGone);
  if (found === null) return { folder: null, what: 'is gone', since: null };
  const since = found.mtimeMs;
  if (!found.isSymbolicLink())
    return { folder: null, what: found.isDirectory() ? 'is a plain folder' : 'is a plain file', since };
  const target = (await readlink(path)).replace(/[\\/]+$/, '');
  const folder = await folderNamed(root, target);
  if ((await stat(path).catch(ifGone)) === null)
    return { folder: null, what: `names ${target}, which is gone`, since };
  return { folder, what: `names ${target}`, since };
}

/** The release folder of this root that a link's target names; null for one that lies elsewhere. */
export async function folderNamed(root: string, target: string): Promise<string | null> {
  const releases = join(root, 'releases');
  const parent = dirname(resolve(root, target));
  if (relative(releases, parent) === '') return basename(target);
  // The same folder may be written in two ways, where a folder above is a link itself.
  const [real, wanted] = await Promise.all([parent, releases].map((path) => realpath(path).catch(ifGone)));
  return real !== null && real === wanted ? basename(target) : null;
}

function ifGone(error: unknown): null {
  if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return null;
  throw error;
}
