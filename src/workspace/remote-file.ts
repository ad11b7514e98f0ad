import { isGitOpsError } from '../domain/errors.js';
import type { Commit } from '../domain/release.js';
import type { Effort } from './effort.js';
import { gitFailure } from './mirror.js';
import { fetchCommits, fetchObject, inScratch, readApart, type Reading } from './scratch.js';

/** One file of one commit. */
export interface FileRequest extends Reading {
  readonly commit: Commit;
  /** Where the commit was seen: some servers hand out only what a ref points at. */
  readonly ref: string;
  readonly path: string;
  readonly maxBytes: number;
}

/** The text of a file, or why there is none. */
export type RemoteFile =
  | { readonly at: 'found'; readonly text: string }
  | { readonly at: 'missing' }
  | { readonly at: 'large'; readonly bytes: number };

/**
 * Reads one file of one commit of a remote, and downloads little else. Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `COMMIT_MISSING`,
 * `DISK_FULL`, `GIT_FAILED`, `GIT_MISSING`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function readRemoteFile(request: FileRequest, effort: Effort): Promise<RemoteFile> {
  const { commit, path } = request;
  return readApart(request, commit, {
    effort,
    work: async () => {
      await fetchCommit(request, effort);
      const found = await inScratch(
        request,
        ['rev-parse', '--verify', '--quiet', `${commit}:${path}`],
        effort,
      );
      return found.code === 0 ? readBlob(request, found.stdout.trim(), effort) : { at: 'missing' };
    },
  });
}

async function fetchCommit(request: FileRequest, effort: Effort): Promise<void> {
  const { commit, ref } = request;
  try {
    await fetchCommits(request, { refspecs: [`+${commit}:refs/gitops/read`], filter: 'blob:none' }, effort);
  } catch (error) {
    if (!isGitOpsError(error, 'COMMIT_MISSING')) throw error;
    await fetchCommits(request, { refspecs: [`+${ref}:refs/gitops/read`], filter: 'blob:none' }, effort);
    const has = await inScratch(request, ['cat-file', '-e', `${commit}^{commit}`], effort);
    if (has.code !== 0) throw error;
  }
}

/** Where files were left out, the one that is wanted comes into a repository of its own: one that lacks something takes no single objects. */
async function readBlob(request: FileRequest, blob: string, effort: Effort): Promise<RemoteFile> {
  const has = await inScratch(request, ['cat-file', '-e', blob], effort);
  if (has.code === 0) return tellBlob(request, blob, effort);
  const apart = { ...request, scratch: `${request.scratch}.file` };
  return readApart(apart, blob, {
    effort,
    work: async () => {
      await fetchObject(apart, blob, effort);
      return tellBlob(apart, blob, effort);
    },
  });
}

async function tellBlob(request: FileRequest, blob: string, effort: Effort): Promise<RemoteFile> {
  const ask = (...args: string[]) => inScratch(request, ['cat-file', ...args, blob], effort);
  const kind = await ask('-t');
  if (kind.code !== 0) throw gitFailure(`cannot read ${request.path}`, kind.stderr);
  if (kind.stdout.trim() !== 'blob') return { at: 'missing' };
  const bytes = Number((await ask('-s')).stdout.trim());
  if (bytes > request.maxBytes) return { at: 'large', bytes };
  const { code, stdout, stderr } = await ask('blob');
  if (code !== 0) throw gitFailure(`cannot read ${request.path}`, stderr);
  return { at: 'found', text: stdout };
}
