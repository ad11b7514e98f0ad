import { isGitOpsError } from '../domain/errors.js';
import { post } from '../os/post.js';
import { postLimits, type LookPlace, type Remote } from './look-place.js';
import { endpointOf, headersFor, SERVICE } from './ls-refs.js';
import { LITTLE } from './question.js';
import { listingRequest } from './ref-listing.js';

const FOR_GOOD = [301, 308];

/** The address that an http(s) repository moved to for good; null: it did not, or nobody says. Throws `ABORTED`. */
export async function movedTo({ url, basic = null }: Remote, place: LookPlace): Promise<string | null> {
  const letter = {
    url: endpointOf(url),
    headers: headersFor({ url, basic }, LITTLE),
    body: listingRequest(LITTLE),
  };
  try {
    return await post(letter, postLimits(place), ({ status, headers }) =>
      Promise.resolve(FOR_GOOD.includes(status) ? addressIn(headers.location, letter.url) : null),
    );
  } catch (error) {
    if (isGitOpsError(error, 'SOURCE_UNREACHABLE')) return null;
    throw error;
  }
}

/** Without what may be secret, and only if it leads to a repository. */
function addressIn(location: string | undefined, from: URL): string | null {
  if (location === undefined || !URL.canParse(location, from.href)) return null;
  const { protocol, origin, pathname } = new URL(location, from);
  if (!/^https?:$/.test(protocol) || !pathname.endsWith(SERVICE)) return null;
  return `${origin}${pathname.slice(0, -SERVICE.length)}`;
}
