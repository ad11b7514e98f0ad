import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { entryAt, statAt } from './file-at.js';

/** Who could change a file or a folder, beside us and root. */
export type Exposure =
  | { readonly to: 'nobody' }
  | { readonly to: 'user'; readonly uid: number }
  | { readonly to: 'group' }
  | { readonly to: 'everybody' };

const STICKY = 0o1000;

/** Who could change what lies there. Root works for whom the folder above belongs to. Windows has no such bits: there the rights come from the folder above. */
export async function exposureOf(path: string): Promise<Exposure> {
  const own = process.getuid?.();
  if (own === undefined) return { to: 'nobody' };
  const { uid, gid, mode } = await stat(path);
  const isOurs = uid === own || uid === 0 || (own === 0 && uid === (await stat(dirname(path))).uid);
  if (!isOurs) return { to: 'user', uid };
  // In a sticky folder each may change what is his own only.
  if ((mode & 0o002) !== 0 && (mode & STICKY) === 0) return { to: 'everybody' };
  // Debian and others give each user a group of his own, with his number.
  return { to: (mode & 0o020) === 0 || gid === uid ? 'nobody' : 'group' };
}

/** Whether others than its owner may read a file. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const { uid, gid, mode } = await stat(path);
  return (mode & 0o004) !== 0 || ((mode & 0o040) !== 0 && gid !== uid);
}

/** Whether others than its owner get at a file: it may be read, and every folder above lets them through. */
export async function isReachableByOthers(path: string): Promise<boolean> {
  if (!(await isReadableByOthers(path))) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o011) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}

/** Refuses a file by which another user could have us do things with our rights. That a group may write it is said by `doctor` only. Throws `STATE_UNSAFE`. */
export async function requireTrusted(path: string): Promise<void> {
  const exposure = await exposureOf(path);
  if (exposure.to === 'user')
    throw new GitOpsError('STATE_UNSAFE', `${path} belongs to another user (uid ${exposure.uid})`, {
      hint: 'work as that user, or give the file to yours',
    });
  if (exposure.to === 'everybody')
    throw new GitOpsError('STATE_UNSAFE', `${path} may be written by everybody on this machine`, {
      hint: `chmod o-w ${path}`,
    });
}

/** Refuses a state folder that is a link, or another user's: what lies there would be believed. Gives back how it lies there; null where there is none. Throws `STATE_UNSAFE`. */
export function requireOwnFolder(path: string): Stats | null {
  const found = entryAt(path);
  if (found === null) return null;
  if (found.isSymbolicLink())
    throw new GitOpsError('STATE_UNSAFE', `${path} is a symbolic link`, {
      hint: 'replace it by a real folder',
    });
  const own = process.getuid?.() ?? found.uid;
  if (found.uid === own || (own === 0 && found.uid === statAt(dirname(path))?.uid)) return found;
  throw new GitOpsError('STATE_UNSAFE', `${path} belongs to another user (uid ${found.uid})`, {
    hint: `work as that user, or give it to yours: chown -R ${own} ${path}`,
  });
}
