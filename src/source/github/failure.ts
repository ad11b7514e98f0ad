import * as v from 'valibot';
import { GitOpsError, isGitOpsError, messageOf } from '../../domain/errors.js';
import { plainLine } from '../../domain/plain.js';
import { redactUrls } from '../../domain/redact.js';
import { retryAfterMs } from '../../domain/retry-after.js';
import type { GithubPlace } from './line.js';

/** What Octokit throws for an answer that is no yes: told by its form, so that nothing of it has to be loaded. */
const refusal = v.object({
  status: v.number(),
  message: v.string(),
  response: v.object({ headers: v.record(v.string(), v.unknown()) }),
});

// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: without a word of how long, a minute at least.
const UNTOLD_WAIT_MS = 60_000;
const MOST_CHARS = 300;

/** Whether an answer says that nothing has changed: Octokit throws it. */
export function isUnchanged(error: unknown): boolean {
  return v.is(refusal, error) && error.status === 304;
}

/** Whether an answer says that there is no such thing, or that it is not shown. */
export function isMissing(error: unknown): boolean {
  return v.is(refusal, error) && error.status === 404;
}

/** A failure in our words. Bugs stay what they are. */
export function explainFailure(error: unknown, place: GithubPlace): unknown {
  const host = new URL(place.api).host;
  const inner = error instanceof Error ? error.cause : null;
  if (isGitOpsError(error)) return error;
  if (isGitOpsError(inner, 'ABORTED')) return inner;
  if (isGitOpsError(inner))
    return new GitOpsError(inner.code, `cannot ask ${host}: ${inner.message}`, {
      cause: inner,
      hint: 'check the network, and github.api in gitops.json',
    });
  if (!v.is(refusal, error)) return error;
  const { status, response } = error;
  const headers = textsOf(response.headers);
  const said = `${host} answers ${status}: ${wordsOf(error)}`;
  const waitMs = limitMs(error, headers);
  if (waitMs !== null)
    return new GitOpsError('SOURCE_UNREACHABLE', `${said}: asked too often with this token`, {
      ...{ cause: error, retryAfterMs: waitMs },
      hint: 'it is asked again when it wants to be; a token of its own has a limit of its own: see github.token',
    });
  if (status >= 500)
    return new GitOpsError('SOURCE_UNREACHABLE', said, {
      cause: error,
      retryAfterMs: retryAfterMs(headers['retry-after'], headers['date']),
      hint: 'it is asked again by itself; see www.githubstatus.com',
    });
  return new GitOpsError('SOURCE_REFUSED', said, { cause: error, hint: mendOf(status, place, headers) });
}

/** For how long not to ask, where an answer says that it was asked too often; else null. */
function limitMs({ status, message }: v.InferOutput<typeof refusal>, headers: Texts): number | null {
  if (status !== 403 && status !== 429) return null;
  const told = retryAfterMs(headers['retry-after'], headers['date']);
  if (told !== null) return told;
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1000;
  if (headers['x-ratelimit-remaining'] === '0' && !Number.isNaN(reset))
    return Math.max(0, reset - Date.parse(headers['date'] ?? '')) || UNTOLD_WAIT_MS;
  return status === 429 || /\bsecondary rate\b/i.test(message) ? UNTOLD_WAIT_MS : null;
}

function mendOf(status: number, { owner, repo, key }: GithubPlace, headers: Texts): string {
  const which = key.kind === 'app' ? 'github.app' : 'github.token';
  if (status === 401)
    return `renew the secret that ${which} names in gitops.json (or credentials, where it names none)`;
  const rights = headers['x-accepted-github-permissions'];
  if (status === 403 && rights !== undefined)
    return `give the token of ${which} the rights that it needs: ${plainLine(rights)}`;
  return `check that ${owner}/${repo} is the repository (github.repository in gitops.json), and that the token of ${which} may see it`;
}

type Texts = Readonly<Record<string, string>>;

function textsOf(headers: Readonly<Record<string, unknown>>): Texts {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

function wordsOf(error: { message: string }): string {
  return plainLine(
    redactUrls(messageOf(error instanceof Error ? error : error.message)).replace(/\s+/g, ' '),
  ).slice(0, MOST_CHARS);
}
