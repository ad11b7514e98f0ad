import { once } from 'node:events';
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isLoopback } from '../domain/loopback.js';

/** What is asked: a GET, or a HEAD, whose answer is the same without its body. */
export interface LoopbackRequest {
  /** As it was sent, still escaped, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The value of a header, by its name in lower case; empty where it was not sent. */
  readonly header: (name: string) => string;
  /** Aborted when whoever asked has gone, or the server closes. */
  readonly signal: AbortSignal;
}

/** What is answered. A body that comes bit by bit, as server-sent events do, ends when the signal of its request aborts. */
export interface LoopbackAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | AsyncIterable<string>;
}

/** Where a server listens, and what it says. */
export interface LoopbackOptions {
  /** An address of this machine alone: 127.0.0.1, another of 127.0.0.0/8, or ::1. */
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** Whether it leaves the process free to end. */
  readonly background: boolean;
  readonly answer: (request: LoopbackRequest) => Promise<LoopbackAnswer>;
  /** Told of what `answer` throws; whoever asked hears no more than that something failed. */
  readonly onProblem: (error: unknown) => void;
}

/** A server that listens. */
export interface LoopbackServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  /** Ends it, whoever is still connected. */
  close(): Promise<void>;
}

const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
} as const;
const MOST_CONNECTIONS = 64;

/**
 * Serves on this machine alone, to be read only. Rejects with the system's own error where it cannot listen: `EADDRINUSE` if somebody else does.
 * A page of a stranger that a browser of this machine shows cannot read it: no other origin is let in, nor a name that only leads here.
 */
export async function openLoopbackServer(options: LoopbackOptions): Promise<LoopbackServer> {
  if (!isLoopback(options.host)) throw new Error(`${options.host} is no loopback address`);
  const over = new AbortController();
  const server = createServer(LIMITS, (request, response) => {
    serve(request, response, { ...options, over: over.signal }).catch(() => response.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  // A client that goes away, or speaks no HTTP, is nobody's problem.
  server.on('clientError', (_, socket) => socket.destroy());
  if (options.background) {
    server.unref();
    server.on('connection', (socket) => socket.unref());
  }
  await listen(server, options);
  return {
    url: urlOf(server),
    close: async () => {
      if (!server.listening) return;
      over.abort(new Error('the server closes'));
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** `exclusive`: in a worker of a cluster the address would else be opened by the primary, which is pm2's daemon, and shared. */
function listen(server: Server, { host, port }: LoopbackOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      // Running out of handles, for example: whoever wanted to connect has failed, nobody else.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

type Serving = LoopbackOptions & { readonly over: AbortSignal };

async function serve(request: IncomingMessage, response: ServerResponse, options: Serving): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort(new Error('whoever asked has gone'));
  });
  const refusal = refusalOf(request);
  const asked = askedBy(request, AbortSignal.any([gone.signal, options.over]));
  const answer = refusal ?? (await answerTo(asked, options));
  if (!response.destroyed) await send(response, answer, request.method === 'HEAD');
}

async function answerTo(asked: LoopbackRequest, { answer, onProblem }: Serving): Promise<LoopbackAnswer> {
  try {
    return await answer(asked);
  } catch (error) {
    if (!asked.signal.aborted) onProblem(error);
    return plainAnswer(500);
  }
}

function askedBy({ url = '/', headers }: IncomingMessage, signal: AbortSignal): LoopbackRequest {
  const [, path = '/', query = ''] = /^([^?#]*)\??([^#]*)/.exec(url) ?? [];
  return {
    path,
    query: new URLSearchParams(query),
    header: (name) => [headers[name] ?? ''].flat().join(', '),
    signal,
  };
}

/** Why a request is not even looked at; or null. */
function refusalOf({ method, url = '', headers }: IncomingMessage): LoopbackAnswer | null {
  if (method !== 'GET' && method !== 'HEAD') return plainAnswer(405, { allow: 'GET, HEAD' });
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    return plainAnswer(413);
  if (!url.startsWith('/')) return plainAnswer(400);
  // Whatever name a stranger's page has led to this address, the browser tells it here.
  return isOwnName(headers.host ?? '') ? null : plainAnswer(421);
}

function isOwnName(host: string): boolean {
  const name = /^(\[[0-9a-f:]+\]|[^:]*)(:\d+)?$/i.exec(host)?.[1] ?? '';
  return name.toLowerCase() === 'localhost' || isLoopback(name.replace(/^\[(.*)\]$/, '$1'));
}

/** An answer that says nothing but its status. */
export function plainAnswer(status: number, headers: Readonly<Record<string, string>> = {}): LoopbackAnswer {
  const body = `${status} ${STATUS_CODES[status] ?? ''}\n`;
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}

const ALWAYS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

async function send(
  response: ServerResponse,
  { status, headers, body }: LoopbackAnswer,
  isHead: boolean,
): Promise<void> {
  const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {};
  response.writeHead(status, { ...ALWAYS, ...length, ...headers });
  if (isHead || typeof body === 'string') response.end(isHead ? undefined : body);
  else await pipeline(body, response);
}
