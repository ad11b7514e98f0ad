import { isGitOpsError } from '../domain/errors.js';
import { listByOurselves } from './by-http.js';
import { gitSettings } from './git-settings.js';
import type { LookPlace, Remote } from './look-place.js';
import { OddAnswer } from './odd-answer.js';
import { LITTLE } from './question.js';
import { whyByGit } from './way.js';

/** Who asks a remote for its refs: the poller by itself, or git, and why. */
export type Way = { readonly by: 'poller' } | { readonly by: 'git'; readonly why: string };

/** By which way a remote is asked; a poller would find out by itself. Throws `GIT_MISSING`, `ABORTED`. */
export async function tellWay(remote: Remote, place: LookPlace): Promise<Way> {
  if (!/^https?:/i.test(remote.url)) return { by: 'git', why: 'it is no http(s) address' };
  const settings = await gitSettings(remote, place);
  const why = whyByGit(remote.url, { env: remote.env, settings }) ?? (await whyOdd(remote, place));
  return why === null ? { by: 'poller' } : { by: 'git', why };
}

/** What is odd about the answer; null: nothing, or there is none. */
async function whyOdd(remote: Remote, place: LookPlace): Promise<string | null> {
  try {
    await listByOurselves(remote, LITTLE, place);
    return null;
  } catch (error) {
    if (error instanceof OddAnswer) return error.message;
    if (isGitOpsError(error, 'SOURCE_UNREACHABLE', 'SOURCE_REFUSED')) return null;
    throw error;
  }
}
