import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import { systemClock } from './clock.js';
import { hasErrno } from './errno.js';

/** What is sent, and where. */
export interface Letter {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What came back; the body as it comes, unpacked. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

/** How long and how much may come. */
export interface PostLimits {
  readonly signal: AbortSignal;
  readonly totalMs: number;
  /** For how long fewer than `leastBytesPerSecond` may come. */
  readonly stallMs: number;
  readonly leastBytesPerSecond: number;
  /** Unpacked. */
  readonly maxBytes: number;
  /** Whether the process may end while the answer is awaited: a poller in a host never keeps it alive. */
  readonly background: boolean;
}

/**
 * Posts a letter over a connection that stays open for the next one; `read` takes of the reply what it wants. Follows no redirect.
 * Throws `SOURCE_UNREACHABLE` with the system's error as its cause, `ABORTED`, and what `read` throws.
 */
export async function post<T>(
  letter: Letter,
  limits: PostLimits,
  read: (reply: Reply) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const cancel = (): void => {
    over.abort(new GitOpsError('ABORTED', `${letter.url.host} was not waited for: cancelled`));
  };
  limits.signal.addEventListener('abort', cancel, { once: true });
  if (limits.signal.aborted) cancel();
  const meter = { bytes: 0 };
  void watch(meter, limits, over);
  try {
    const response = await send(letter, { over: over.signal, background: limits.background });
    const body = unpacked(response, { meter, maxBytes: limits.maxBytes, over });
    return await read({ status: response.statusCode ?? 0, headers: response.headers, body });
  } catch (error) {
    throw explain(error, over.signal);
  } finally {
    limits.signal.removeEventListener('abort', cancel);
    over.abort(OVER); // what was not read is not waited for, and its connection not used again
  }
}

// Made once: each error takes a look at the stack.
const OVER = new Error('it is over');

interface Meter {
  bytes: number;
}

const TICKS = 4;

/** Ends what takes too long, or stands still. */
async function watch(meter: Meter, limits: PostLimits, over: AbortController): Promise<void> {
  const { totalMs, stallMs, leastBytesPerSecond, background } = limits;
  const clock = systemClock({ background });
  const tickMs = Math.min(stallMs, totalMs) / TICKS;
  let [quietMs, seen] = [0, 0];
  try {
    for (let spentMs = 0; spentMs < totalMs; spentMs += tickMs) {
      await clock.sleep(tickMs, over.signal);
      quietMs = meter.bytes - seen < (leastBytesPerSecond * tickMs) / 1000 ? quietMs + tickMs : 0;
      seen = meter.bytes;
      if (quietMs >= stallMs) over.abort(unreachable(`next to nothing came for ${inSeconds(stallMs)}`));
    }
    over.abort(unreachable(`gave no answer within ${inSeconds(totalMs)}`));
  } catch {
    // it is over
  }
}

interface Sending {
  readonly over: AbortSignal;
  readonly background: boolean;
}

/** Sends the letter; once more on a new connection where the open one turns out to have been closed meanwhile. */
async function send(letter: Letter, sending: Sending): Promise<IncomingMessage> {
  const { request, agent } = await lineTo(letter.url);
  const attempt = (line: Agent | false): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { ...letter.headers, 'content-length': letter.body.length };
      const terms = { method: 'POST', agent: line, headers, signal: sending.over };
      const outgoing = request(letter.url, terms, (response) => {
        response.on('error', () => undefined); // whoever reads is told
        resolve(response);
      });
      outgoing.on('socket', (socket) => {
        if (sending.background) socket.unref();
      });
      outgoing.on('error', (error) => {
        const isStale = outgoing.reusedSocket && hasErrno(error, 'ECONNRESET', 'EPIPE');
        if (isStale && line !== false) attempt(false).then(resolve, reject);
        else reject(error);
      });
      // HTTP/1.1 keeps connections open unless somebody says otherwise.
      if (line !== false) outgoing.removeHeader('connection');
      outgoing.end(letter.body);
    });
  return attempt(agent);
}

// A free connection never keeps the process alive. The system probes it once a minute, so that no router forgets it unnoticed.
const OPEN = { keepAlive: true, keepAliveMsecs: 60_000, timeout: 360_000, maxFreeSockets: 2 };
const agents = new Map<string, Agent>();

/** Loaded with the first letter: a poller of an ssh remote needs neither. */
async function lineTo({ protocol }: URL) {
  const { Agent, request } = protocol === 'https:' ? await import('node:https') : await import('node:http');
  const agent = agents.get(protocol) ?? new Agent(OPEN);
  agents.set(protocol, agent);
  return { request, agent };
}

interface Bounds {
  readonly meter: Meter;
  readonly maxBytes: number;
  readonly over: AbortController;
}

async function* unpacked(response: IncomingMessage, bounds: Bounds): AsyncGenerator<Uint8Array> {
  const isPacked = response.headers['content-encoding'] === 'gzip';
  const pieces = isPacked ? await gunzip(response, bounds.meter) : metered(response, bounds.meter);
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > bounds.maxBytes) throw unreachable(`answered more than ${bounds.maxBytes} bytes`);
    yield piece;
  }
}

async function* metered(response: IncomingMessage, meter: Meter): AsyncGenerator<Uint8Array> {
  const pieces: AsyncIterable<unknown> = response;
  for await (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) continue;
    meter.bytes += piece.length;
    yield piece;
  }
}

async function gunzip(response: IncomingMessage, meter: Meter): Promise<AsyncIterable<Uint8Array>> {
  const { createGunzip } = await import('node:zlib');
  // The callback has nothing to say: whoever reads is told.
  return pipeline(metered(response, meter), createGunzip(), () => undefined);
}

/** The system's errors in our words. */
function explain(error: unknown, over: AbortSignal): unknown {
  if (over.aborted && over.reason instanceof GitOpsError) return over.reason;
  if (isGitOpsError(error) || !hasCode(error)) return error;
  if (hasErrno(error, 'ECONNRESET', 'EPIPE', 'Z_BUF_ERROR'))
    return unreachable('the answer was cut off', error);
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return unreachable(messageOf(first), error);
}

/** Errors of the system have a code; those of whoever read the reply, and bugs, stay as they are. */
function hasCode(error: unknown): error is Error {
  return error instanceof Error && 'code' in error;
}

function unreachable(why: string, cause?: Error): GitOpsError {
  return new GitOpsError('SOURCE_UNREACHABLE', why, { cause });
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
