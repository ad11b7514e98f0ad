import { hint, ok, warning, type Check } from '../check.js';
import { saySpan } from '../moment.js';

/** How often a source is asked, by how many. */
export interface Polling {
  readonly everyMs: number;
  readonly repository: string;
  /** Whether it is asked as anybody. */
  readonly isAnonymous: boolean;
  /** How many machines the fleet's policy knows; null: nobody knows. */
  readonly machines: number | null;
}

// https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits: at most 15 git reads a second and repository.
const READS_A_SECOND = 15;
// Fleets have been asked to stop before that.
const POLITE_SHARE = 0.2;
const ANONYMOUS_FLOOR_MS = 60_000;
const HOSTED =
  /^(?:https?:\/\/|ssh:\/\/|git@)(?:[^/@]*@)?(?:www\.)?(?:ssh\.)?(github\.com|gitlab\.com|bitbucket\.org)[/:]/i;

/** Whether a source is asked more often than it bears. */
export function judgePolling({ everyMs, repository, isAnonymous, machines }: Polling): Check {
  const id = 'source.poll';
  const host = HOSTED.exec(repository)?.[1]?.toLowerCase() ?? null;
  const every = `every ${saySpan(everyMs)}`;
  const reads = ((machines ?? 1) * 1000) / everyMs;
  if (reads > READS_A_SECOND * POLITE_SHARE)
    return warning(
      id,
      `${machines ?? 1} machines ask ${every}: ${reads.toFixed(1)} times a second; hosts bear ${READS_A_SECOND}, and ask fleets to stop before`,
      `a longer "poll" in gitops.json: ${saySpan(Math.ceil(((machines ?? 1) * 1000) / (READS_A_SECOND * POLITE_SHARE) / 60_000) * 60_000)} or more`,
    );
  if (host !== null && isAnonymous && everyMs < ANONYMOUS_FLOOR_MS)
    return warning(
      id,
      `${host} is asked ${every} as anybody: it counts by address, for all machines behind one`,
      '"poll": "1m" or longer in gitops.json, or credentials',
    );
  return host !== null && everyMs < ANONYMOUS_FLOOR_MS
    ? hint(id, `${host} is asked ${every}`, 'for more than a few machines "poll": "1m" or longer')
    : ok(id, machines === null ? every : `${every}, by ${machines} machines`);
}
