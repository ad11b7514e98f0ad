import type { Reception } from '../../domain/outbox.js';
import { GitOpsError, isGitOpsError } from '../../domain/errors.js';
import { plainLine } from '../../domain/plain.js';
import { hideSecrets } from '../../domain/redact.js';
import { retryAfterMs } from '../../domain/retry-after.js';
import { boundedFetch } from '../../os/bounded-fetch.js';
import type { Reply, Request } from './request.js';

const LIMIT_MS = 10_000;
const MOST_BYTES = 64 * 1024;

/** Sends a request and gives back what the service answered. Throws `SOURCE_UNREACHABLE`, `ABORTED`. */
export async function send(request: Request, signal: AbortSignal): Promise<Reply> {
  const { url, method, headers, body } = request;
  const ask = boundedFetch({ signal, limitMs: LIMIT_MS, maxBytes: MOST_BYTES });
  const response = await ask(url, { method, headers: { ...headers }, ...(body === null ? {} : { body }) });
  const told = response.headers;
  return {
    status: response.status,
    body: await response.text(),
    retryAfterMs: retryAfterMs(told.get('retry-after') ?? undefined, told.get('date') ?? undefined),
  };
}

/** What came of a try. Whatever goes wrong is told without the secrets: an address of a webhook is one. What was cancelled is told by nobody. */
export async function receive(
  trying: () => Promise<Reception>,
  secrets: readonly string[],
): Promise<Reception> {
  try {
    const reception = await trying();
    return reception.kind === 'taken' ? reception : { ...reception, why: hidden(reception.why, secrets) };
  } catch (error) {
    if (!isGitOpsError(error) || error.code === 'ABORTED') throw error;
    return { kind: 'later', why: hidden(error.message, secrets), retryAfterMs: null };
  }
}

/** All forms in which a secret may come back to us, the parts of an address included. */
export function formsOf(secret: string): string[] {
  const parts = URL.canParse(secret) ? partsOf(new URL(secret)) : [];
  const all = [secret, ...parts].flatMap((each) => [each, encodeURIComponent(each)]);
  // Whole ones first: of a part that is hidden before, the rest would stay.
  return [...new Set(all)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
}

// What is shorter is a word of an address, such as `bot` or `send`.
const SHORTEST = 8;

function partsOf({ pathname, search, searchParams, username, password }: URL): string[] {
  const path = [pathname, pathname + search, search, ...pathname.split('/')];
  return [...path, ...searchParams.values(), username, password];
}

function hidden(why: string, secrets: readonly string[]): string {
  return plainLine(hideSecrets(why.split('\n').join(' '), secrets));
}

/** The address that a secret is. Throws `CONFIG_INVALID`, without it, where it is none. */
export function addressIn(secret: string, where: string): string {
  if (URL.canParse(secret)) {
    const { protocol, username, password } = new URL(secret);
    if (/^https?:$/.test(protocol) && username === '' && password === '') return secret;
  }
  throw new GitOpsError('CONFIG_INVALID', `${where}: what is there is no http(s) address`, {
    hint: 'put the whole address there as the service gives it out, and no user or password in it',
  });
}
