import type { Ref } from '../domain/release.js';
import { systemClock } from '../os/clock.js';
import { BOUNDS, type LookPlace, type Remote } from './look-place.js';
import { OddAnswer } from './odd-answer.js';
import { wantedBy, type Question, type Wanted } from './question.js';

// Remotes that git could list and we could not, and for how many looks more git is asked at once.
const oddities = new Map<string, number>();
const LOOKS_BY_GIT = 100;

/** What a remote told: all that was asked for, or of the places alone that a narrow question names, and then annotated tags by their own ids. */
export interface Told {
  readonly refs: readonly Ref[];
  readonly isWhole: boolean;
}

/** Lists the refs that somebody asks for, of all places, as `askRefs` does. */
export async function listRefs(
  remote: Remote,
  question: Omit<Question, 'prefixes'>,
  place: LookPlace,
): Promise<readonly Ref[]> {
  return (await askRefs(remote, question, place)).refs;
}

/**
 * Asks for refs in one request. Annotated tags are peeled to their commit. An http(s) remote is asked without git, unless git is told more of the
 * way there than we know, or the answer is odd. Git cannot narrow by places: it tells all.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `GIT_MISSING`, `GIT_FAILED`, `ABORTED`.
 */
export async function askRefs(remote: Remote, question: Question, place: LookPlace): Promise<Told> {
  const wanted = wantedBy(question);
  if (!/^https?:/i.test(remote.url) || isOdd(remote)) return listByGit(remote, wanted, place);
  const { isForGit, listByOurselves } = await import('./by-http.js');
  if (await isForGit(remote, place)) return listByGit(remote, wanted, place);
  const clock = systemClock();
  const begin = clock.monotonicMs();
  try {
    return { refs: await listByOurselves(remote, wanted, place), isWhole: wanted.prefixes === null };
  } catch (error) {
    if (!(error instanceof OddAnswer)) throw error;
  }
  const bounds = place.bounds ?? BOUNDS;
  const totalMs = Math.max(1, bounds.totalMs - (clock.monotonicMs() - begin));
  const told = await listByGit(remote, wanted, { ...place, bounds: { ...bounds, totalMs } });
  // To git a login page is an old server that has no refs.
  if (told.refs.length > 0) oddities.set(nameOf(remote), LOOKS_BY_GIT);
  return told;
}

async function listByGit(remote: Remote, wanted: Wanted, place: LookPlace): Promise<Told> {
  const git = await import('./git.js');
  return { refs: await git.listByGit(remote, wanted, place), isWhole: true };
}

function isOdd(remote: Remote): boolean {
  const left = oddities.get(nameOf(remote)) ?? 0;
  if (left > 0) oddities.set(nameOf(remote), left - 1);
  return left > 0;
}

/** What is odd without credentials may not be with them. */
function nameOf({ url, basic = null }: Remote): string {
  return basic === null ? url : `${url} with credentials`;
}
