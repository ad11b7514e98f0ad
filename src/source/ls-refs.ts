import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import type { Ref } from '../domain/release.js';
import { systemClock } from '../os/clock.js';
import { post, type PostLimits, type Reply } from '../os/post.js';
import { failedLook } from './failed-look.js';
import { OddAnswer } from './odd-answer.js';
import type { Wanted } from './question.js';
import { listingRequest, ListingReader } from './ref-listing.js';
import { retryAfterMs } from '../domain/retry-after.js';

/** An http(s) repository, and the credentials that gitops.json names for it, as basic auth has them. */
export interface HttpRemote {
  readonly url: string;
  readonly basic: string | null;
  readonly secrets?: readonly string[];
}

const REQUEST_TYPE = 'application/x-git-upload-pack-request';
const RESULT_TYPE = 'application/x-git-upload-pack-result';
/** What git asks for below the address of a repository. */
export const SERVICE = '/git-upload-pack';
const MOST_REDIRECTS = 3;

/**
 * Lists refs by one request of git's protocol version 2, without git.
 * Throws `OddAnswer` where git is to be asked, else `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `ABORTED`.
 */
export async function lsRefs(remote: HttpRemote, wanted: Wanted, limits: PostLimits): Promise<Ref[]> {
  const clock = systemClock();
  const end = clock.monotonicMs() + limits.totalMs;
  try {
    let url = endpointOf(remote.url);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const letter = { url, headers: headersFor(remote, wanted), body: listingRequest(wanted) };
      const totalMs = Math.max(1, end - clock.monotonicMs());
      const answer = await post(letter, { ...limits, totalMs }, (reply) => read(reply, { remote, wanted }));
      if (!('location' in answer)) return answer.refs;
      url = redirected(url, answer.location, remote);
    }
    throw new OddAnswer('it redirects again and again');
  } catch (error) {
    throw told(error, remote);
  }
}

/** Where a repository is asked: https://git-scm.com/docs/http-protocol#_smart_service_git_upload_pack */
export function endpointOf(text: string): URL {
  const url = new URL(`${text.replace(/\/+$/, '')}${SERVICE}`);
  url.username = '';
  url.password = '';
  return url;
}

/** What goes with a request, and no more than servers look at: of a narrow question the head is the larger part. */
export function headersFor({ basic }: HttpRemote, { prefixes }: Wanted): Record<string, string> {
  return {
    'git-protocol': 'version=2',
    'content-type': REQUEST_TYPE,
    ...(prefixes === null ? { 'accept-encoding': 'gzip' } : {}),
    'user-agent': 'git/pm2-gitops', // forges let git in by this name where they keep browsers out
    ...(basic === null ? {} : { authorization: `Basic ${basic}` }),
  };
}

interface Asked {
  readonly remote: HttpRemote;
  readonly wanted: Wanted;
}

async function read(
  { status, headers, body }: Reply,
  { remote, wanted }: Asked,
): Promise<{ refs: Ref[] } | { location: string }> {
  const { location } = headers;
  if ([301, 302, 307, 308].includes(status) && location !== undefined) return { location };
  if (status !== 200) throw refusal(status, headers, remote);
  const type = headers['content-type'] ?? 'nothing that it names';
  if (type !== RESULT_TYPE) throw new OddAnswer(`it answered with ${type}`);
  const listing = new ListingReader(wanted);
  for await (const piece of body) listing.take(piece);
  return { refs: listing.end() };
}

const REFUSALS = [401, 403, 404, 407];

/** Why no refs came. Without credentials of ours, git may know some: its helpers, a netrc. */
function refusal(status: number, headers: Reply['headers'], { basic }: HttpRemote): Error {
  const why = `the server answered ${status}`;
  const waitMs = retryAfterMs(headers['retry-after'], headers.date);
  const isBusy = [408, 429].includes(status) || (status >= 500 && status !== 501);
  // GitHub answers 403 to whoever asks too often.
  if (isBusy || (status === 403 && waitMs !== null))
    return new GitOpsError('SOURCE_UNREACHABLE', why, { retryAfterMs: waitMs });
  const isRefused = basic !== null && REFUSALS.includes(status);
  return isRefused ? new GitOpsError('SOURCE_REFUSED', why) : new OddAnswer(why);
}

/** Where a redirect within one place leads, or to its safe side. Git knows what to do with any other. A secret goes where it was named for, and nowhere else. */
function redirected(from: URL, location: string, { basic }: HttpRemote): URL {
  if (!URL.canParse(location, from.href)) throw new OddAnswer('it redirects to no address');
  const to = new URL(location, from);
  if (basic !== null)
    throw new GitOpsError(
      'SOURCE_REFUSED',
      `it redirects to ${to.origin}${to.pathname}, where credentials do not go`,
    );
  const isSafer = from.protocol === 'http:' && to.protocol === 'https:' && to.hostname === from.hostname;
  const isNear = to.origin === from.origin || isSafer;
  if (!isNear || !to.pathname.endsWith(SERVICE)) throw new OddAnswer(`it redirects to ${to.host}`);
  to.username = '';
  to.password = '';
  return to;
}

// https://nodejs.org/docs/latest-v20.x/api/tls.html#x509-certificate-error-codes: git may trust other authorities than Node does.
const TLS =
  /^(CERT_|CRL_|ERR_TLS|ERR_SSL|EPROTO$|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|INVALID_|PATH_LENGTH)/;

/** A failure in the words of a look. */
function told(error: unknown, remote: HttpRemote): unknown {
  if (!isGitOpsError(error, 'SOURCE_UNREACHABLE', 'SOURCE_REFUSED')) return error;
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && TLS.test(String(cause.code)))
    return new OddAnswer(messageOf(cause));
  const kind = error.code === 'SOURCE_REFUSED' ? 'refused' : 'unreachable';
  return failedLook(remote, { kind, why: error.message, retryAfterMs: error.retryAfterMs, cause });
}
