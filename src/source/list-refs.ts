import type { Ref } from '../domain/release.js';
import { systemClock } from '../os/clock.js';
import { BOUNDS, LEAST_BYTES_PER_SECOND, listByGit, MAX_ANSWER_BYTES } from './git.js';
import type { LookPlace, Remote } from './git.js';
import { gitSettings } from './git-settings.js';
import { lsRefs } from './ls-refs.js';
import { OddAnswer } from './odd-answer.js';
import { wantedBy, type Question, type Wanted } from './question.js';
import { whyByGit } from './way.js';

// Remotes that git could list and we could not, and for how many looks git is asked at once.
const oddities = new Map<string, number>();
const LOOKS_BY_GIT = 100;

/**
 * Lists the refs that somebody asks for, in one request. Annotated tags are peeled to their commit. An http(s) remote is asked without git,
 * unless git is told more of the way there than we know, or the answer is odd.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `GIT_MISSING`, `GIT_FAILED`, `ABORTED`.
 */
export async function listRefs(remote: Remote, question: Question, place: LookPlace): Promise<Ref[]> {
  const wanted = wantedBy(question);
  if (await isForGit(remote, place)) return listByGit(remote, wanted, place);
  const clock = systemClock();
  const begin = clock.monotonicMs();
  try {
    return await listByOurselves(remote, wanted, place);
  } catch (error) {
    if (!(error instanceof OddAnswer)) throw error;
  }
  const bounds = place.bounds ?? BOUNDS;
  const leftMs = Math.max(1, bounds.totalMs - (clock.monotonicMs() - begin));
  const refs = await listByGit(remote, wanted, { ...place, bounds: { ...bounds, totalMs: leftMs } });
  oddities.set(nameOf(remote), LOOKS_BY_GIT);
  return refs;
}

/** Lists refs over http(s) without git. Throws `OddAnswer` besides. */
export function listByOurselves(
  { url, basic = null }: Remote,
  wanted: Wanted,
  { signal, background, bounds = BOUNDS }: LookPlace,
): Promise<Ref[]> {
  const limits = {
    ...bounds,
    ...{ signal, background },
    ...{ leastBytesPerSecond: LEAST_BYTES_PER_SECOND, maxBytes: MAX_ANSWER_BYTES },
  };
  return lsRefs({ url, basic }, wanted, limits);
}

async function isForGit(remote: Remote, place: LookPlace): Promise<boolean> {
  if (!/^https?:/i.test(remote.url)) return true;
  const left = oddities.get(nameOf(remote)) ?? 0;
  if (left > 0) {
    oddities.set(nameOf(remote), left - 1);
    return true;
  }
  const settings = await gitSettings(remote, place);
  return whyByGit(remote.url, { env: remote.env, settings }) !== null;
}

/** What is odd without credentials may not be with them. */
function nameOf({ url, basic = null }: Remote): string {
  return basic === null ? url : `${url} with credentials`;
}
