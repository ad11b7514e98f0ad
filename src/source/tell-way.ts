import { gitSettings } from './git-settings.js';
import type { LookPlace, Remote } from './look-place.js';
import { whyByGit } from './way.js';

/** Who asks a remote for its refs: the poller by itself, or git, and why. */
export type Way = { readonly by: 'poller' } | { readonly by: 'git'; readonly why: string };

/** By which way a remote is asked, unless its answer turns out to be odd. Throws `GIT_MISSING`, `ABORTED`. */
export async function tellWay(remote: Remote, place: LookPlace): Promise<Way> {
  if (!/^https?:/i.test(remote.url)) return { by: 'git', why: 'it is no http(s) address' };
  const why = whyByGit(remote.url, { env: remote.env, settings: await gitSettings(remote, place) });
  return why === null ? { by: 'poller' } : { by: 'git', why };
}
