import * as v from 'valibot';
import type { Instant } from '../../domain/release.js';
import { told, terms, type Line } from './line.js';

/** How often may still be asked, and until when. */
export interface Quota {
  readonly limit: number;
  readonly left: number;
  readonly resetsAt: Instant;
}

const overview = v.object({
  resources: v.object({ core: v.object({ limit: v.number(), remaining: v.number(), reset: v.number() }) }),
});

/** Asks how often may still be asked, which costs nothing. Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `ABORTED`. */
export async function readQuota(line: Line): Promise<Quota> {
  const { headers } = terms(line);
  const answer = await told(
    line,
    (octokit) => octokit.request('GET /rate_limit', { headers }),
    (body) => {
      if (!v.is(overview, body)) return null;
      const { limit, remaining, reset } = body.resources.core;
      return { limit, left: remaining, resetsAt: reset * 1000 };
    },
  );
  return answer.at === 'new' ? answer.value : { limit: 0, left: 0, resetsAt: 0 };
}
