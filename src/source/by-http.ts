import type { Ref } from '../domain/release.js';
import { gitSettings } from './git-settings.js';
import { postLimits, type LookPlace, type Remote } from './look-place.js';
import { lsRefs } from './ls-refs.js';
import type { Wanted } from './question.js';
import { whyByGit } from './way.js';

/** Whether git is told more of the way to an http(s) remote than we know. Throws `GIT_MISSING`, `ABORTED`. */
export async function isForGit(remote: Remote, place: LookPlace): Promise<boolean> {
  const settings = await gitSettings(remote, place);
  return whyByGit(remote.url, { env: remote.env, settings }) !== null;
}

/** Lists refs over http(s) without git. Throws `OddAnswer` where git is to be asked, else as `listRefs` does. */
export function listByOurselves(
  { url, basic = null, secrets = [] }: Remote,
  wanted: Wanted,
  place: LookPlace,
): Promise<Ref[]> {
  return lsRefs({ url, basic, secrets }, wanted, postLimits(place));
}
