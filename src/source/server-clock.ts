import { isGitOpsError } from '../domain/errors.js';
import type { Instant } from '../domain/release.js';
import { boundedFetch } from '../os/bounded-fetch.js';

const LIMIT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

/** What the clock of an http(s) server shows, by the date of whatever it answers, to the second; null where it does not say. Nothing secret is sent. Throws `ABORTED`. */
export async function serverTime(url: string, signal: AbortSignal): Promise<Instant | null> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { origin, pathname } = new URL(url);
  try {
    const ask = boundedFetch({ signal, limitMs: LIMIT_MS, maxBytes: MAX_BYTES });
    const { headers } = await ask(`${origin}${pathname}`, { method: 'HEAD' });
    const at = Date.parse(headers.get('date') ?? '');
    return Number.isNaN(at) ? null : at;
  } catch (error) {
    if (isGitOpsError(error, 'SOURCE_UNREACHABLE')) return null;
    throw error;
  }
}
