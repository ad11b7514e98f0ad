import { isGitOpsError } from '../domain/errors.js';
import type { Commit } from '../domain/release.js';
import { unverified } from '../domain/signed-object.js';
import type { RunResult } from '../os/run.js';
import type { Effort } from './effort.js';
import { gitFailure } from './mirror.js';
import { bytesInScratch, fetchCommits, inScratch, readApart, type Reading } from './scratch.js';

/** What a ref names, as it is kept: a byte in each character. */
export interface RawObject {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

/** What is to be read. */
export interface ObjectRequest extends Reading {
  readonly ref: string;
  /** The object that the ref was seen to name; null where that is not known: then it is whatever the ref names now. */
  readonly id: string | null;
  /** A commit id of the format that the repository has. */
  readonly commit: Commit;
}

const LANDING = 'refs/gitops/signed';
const MOST_BYTES = 1024 * 1024;

/** Reads the very object that a ref names, a tag or a commit, and downloads little else. Throws as `readRemoteFile`, and `UNVERIFIED` for what is too large to be signed by anybody. */
export async function readRawObject(request: ObjectRequest, effort: Effort): Promise<RawObject> {
  return readApart(request, request.commit, {
    effort,
    work: async () => {
      await fetchNamed(request, effort);
      const id = await ask(request, ['rev-parse', '--verify', LANDING], effort);
      const kind = await ask(request, ['cat-file', '-t', id], effort);
      if (kind !== 'tag' && kind !== 'commit') return { id, kind, text: '' };
      if (Number(await ask(request, ['cat-file', '-s', id], effort)) > MOST_BYTES)
        throw unverified(`its ${kind} object has more than ${MOST_BYTES} bytes`);
      const text = told(request, await bytesInScratch(request, ['cat-file', kind, id], effort));
      return { id, kind, text };
    },
  });
}

/** By its id, also where the ref is gone meanwhile; by the ref where the server hands out no ids. */
async function fetchNamed(request: ObjectRequest, effort: Effort): Promise<void> {
  const fetch = (what: string): Promise<void> =>
    fetchCommits(request, { refspecs: [`+${what}:${LANDING}`], filter: 'tree:0' }, effort);
  try {
    await fetch(request.id ?? request.ref);
  } catch (error) {
    if (request.id === null || !isGitOpsError(error, 'COMMIT_MISSING')) throw error;
    await fetch(request.ref);
  }
}

async function ask(request: ObjectRequest, args: readonly string[], effort: Effort): Promise<string> {
  return told(request, await inScratch(request, args, effort)).trim();
}

function told({ ref }: ObjectRequest, { code, stdout, stderr }: RunResult): string {
  if (code !== 0) throw gitFailure(`cannot read ${ref}`, stderr);
  return stdout;
}
