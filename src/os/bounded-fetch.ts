import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';

/** How long one answer may take, redirects included, and how long it may be, unpacked. */
export interface FetchBounds {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly maxBytes: number;
}

/** As `fetch` is called. */
export type Fetch = (address: string, init?: RequestInit) => Promise<Response>;

const MOST_REDIRECTS = 3;

/**
 * Node's `fetch`, with an end: the answer is here as a whole, or it throws `SOURCE_UNREACHABLE` with the system's error as its cause, or `ABORTED`.
 * Redirects are followed within the same origin alone: headers that let in go nowhere else.
 */
export function boundedFetch(bounds: FetchBounds): Fetch {
  return async (address, init = {}) => {
    const limit = AbortSignal.timeout(Math.ceil(bounds.limitMs));
    const signal = AbortSignal.any([bounds.signal, limit]);
    try {
      const response = await follow(address, { ...init, signal, redirect: 'manual' });
      return await whole(response, bounds.maxBytes);
    } catch (error) {
      if (isGitOpsError(error)) throw error;
      if (bounds.signal.aborted)
        throw new GitOpsError('ABORTED', 'the answer was not waited for: cancelled', { cause: error });
      if (limit.aborted) throw unreachable(`gave no answer within ${Math.round(bounds.limitMs / 1000)} s`);
      throw unreachable(reasonOf(error), error);
    }
  };
}

async function follow(address: string, init: RequestInit, redirects = 0): Promise<Response> {
  const response = await fetch(address, init);
  const location = response.headers.get('location');
  if (![301, 302, 307, 308].includes(response.status) || location === null) return response;
  await response.body?.cancel();
  const [from, to] = [new URL(address), new URL(location, address)];
  if (to.origin !== from.origin) throw unreachable(`redirects to another place, ${to.host}`);
  // https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api: 307 keeps the verb; of others only a question is asked again.
  const keepsVerb = response.status > 302 || (init.method ?? 'GET') === 'GET';
  if (!keepsVerb || redirects >= MOST_REDIRECTS) throw unreachable(`redirects to ${to.pathname}`);
  return follow(to.href, init, redirects + 1);
}

async function whole(response: Response, maxBytes: number): Promise<Response> {
  const { status, statusText, headers } = response;
  if (response.body === null || status === 304) return new Response(null, { status, statusText, headers });
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(response.body)) {
    bytes += piece.length;
    if (bytes > maxBytes) throw unreachable(`answered more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return new Response(Buffer.concat(pieces), { status, statusText, headers });
}

async function* piecesOf(body: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const piece of body) if (piece instanceof Uint8Array) yield piece;
}

/** Of `fetch failed` only the cause says anything. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return messageOf(first);
}

function unreachable(why: string, cause?: unknown): GitOpsError {
  return new GitOpsError('SOURCE_UNREACHABLE', why, { cause });
}
