import { lstat, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, extname, join, relative, sep } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { exists, hasErrno, syncFile, syncFolder, translateDiskError } from '../os/files.js';
import { syncFiles } from '../os/sync-tree.js';
import { copyAny } from './reuse-modules.js';

/** Which paths of a tree are links, and where what they stand for lies. */
export interface SharedPaths {
  readonly tree: string;
  /** Relative to the tree, as the release names them; a trailing slash says: a folder. */
  readonly paths: readonly string[];
  /** The folder that holds the real ones: `<root>/shared`, or the live checkout. */
  readonly home: string;
}

/** Links each path to `<home>/<path>`; what the home lacks is first made from the release's own copy, or as an empty folder. */
export async function linkShared({ tree, paths, home }: SharedPaths, signal: AbortSignal): Promise<void> {
  for (const path of paths) {
    await refuseLinkedParents(tree, path);
    await makeHome({ own: join(tree, path), kept: join(home, path), path }, signal);
    await replaceByLink(join(tree, path), join(home, path));
  }
}

/** Links only what is there: a build sees the live files, and nothing is made in the live checkout. */
export async function linkLive({ tree, paths, home }: SharedPaths): Promise<void> {
  for (const path of paths) {
    if (!(await exists(join(home, path)))) continue;
    await refuseLinkedParents(tree, path);
    await replaceByLink(join(tree, path), join(home, path));
  }
}

async function makeHome(
  { own, kept, path }: { own: string; kept: string; path: string },
  signal: AbortSignal,
): Promise<void> {
  if (await exists(kept)) return;
  await mkdir(dirname(kept), { recursive: true });
  if (await exists(own)) {
    // Copied beside and renamed: a half copy must not pass for the shared one after a crash.
    const fresh = join(dirname(kept), `.gitops-new`);
    const isFolder = (await lstat(own)).isDirectory();
    await rm(fresh, { recursive: true, force: true });
    await copyAny(own, fresh, signal);
    await (isFolder ? syncFiles(fresh, signal) : syncFile(fresh));
    await rename(fresh, kept);
    await syncFolder(dirname(kept));
  } else if (isFolderName(path)) {
    await mkdir(kept, { recursive: true });
  }
  // A file that nobody has yet stays a dangling link: the app makes the file through it, and it is shared from then on.
}

/** `uploads` and `uploads/` are folders, `.env` and `data.sqlite` are files. */
function isFolderName(path: string): boolean {
  if (/[\\/]$/.test(path)) return true;
  const name = path.split(/[\\/]/).at(-1) ?? '';
  return extname(name) === '' && !name.startsWith('.');
}

async function replaceByLink(at: string, target: string): Promise<void> {
  await rm(at, { recursive: true, force: true });
  await mkdir(dirname(at), { recursive: true });
  const folder = (await lstat(target).catch(() => null))?.isDirectory() === true;
  try {
    await symlink(target, at, folder ? 'junction' : 'file');
  } catch (cause) {
    if (!hasErrno(cause, 'EPERM', 'EEXIST', 'ENOSYS', 'ENOTSUP', 'EINVAL', 'ENAMETOOLONG'))
      throw translateDiskError(cause, at);
    throw new GitOpsError('RELEASE_INVALID', `cannot link the shared path ${at} to ${target}`, {
      cause,
      hint: 'on Windows only folders can be shared without the right to create symbolic links (developer mode)',
    });
  }
}

/** A committed link on the way would lead the write out of the tree. */
async function refuseLinkedParents(tree: string, path: string): Promise<void> {
  const parts = relative(tree, dirname(join(tree, path)))
    .split(sep)
    .filter((part) => part !== '');
  for (let depth = 1; depth <= parts.length; depth++) {
    const parent = join(tree, ...parts.slice(0, depth));
    if ((await lstat(parent).catch(() => null))?.isSymbolicLink() !== true) continue;
    throw new GitOpsError(
      'RELEASE_INVALID',
      `the shared path ${path} leads through the symbolic link ${parts.slice(0, depth).join('/')}`,
      {
        hint: 'share the link itself or its target',
      },
    );
  }
}
