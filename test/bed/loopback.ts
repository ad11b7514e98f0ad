import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../src/os/clock.js';

/**
 * What a network does to a request: refuse it, never answer, answer 500 or another status, answer a login page, break off after some
 * bytes or end as if they were all, fall silent after some (0: after the headers), send some bytes a second.
 */
export type Fault =
  | 'none'
  | 'down'
  | 'hang'
  | 'error'
  | 'garbage'
  | { readonly status: number }
  | { readonly cutAfter: number }
  | { readonly endAfter: number }
  | { readonly silentAfter: number }
  | { readonly dripPerSecond: number };

/** A request with its whole body. */
export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A response with its whole body; where there is a tail, it comes again and again until nobody takes it any more. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly tail?: Buffer | undefined;
}

const DRIPS_PER_SECOND = 10;
const HTML = { 'content-type': 'text/html' };

/** A small HTTP server on 127.0.0.1 whose faults can be switched while it runs. */
export class LoopbackServer {
  fault: Fault = 'none';
  /** How much of endless answers has been sent. */
  tailBytes = 0;
  /** How many connections were made. */
  connections = 0;
  /** Makes the answer to each request; its owner sets it. */
  answer: (ask: Ask) => Answer | Promise<Answer> = () => ({
    status: 404,
    headers: {},
    body: Buffer.alloc(0),
  });
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closedBytes = 0;
  readonly #closing = new AbortController();
  readonly #clock = systemClock();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => request.socket.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#closedBytes += bytesOf(socket);
        this.#sockets.delete(socket);
      });
      socket.on('error', () => socket.destroy());
    });
  }

  static async open(): Promise<LoopbackServer> {
    const server = new LoopbackServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** How many bytes went over its connections, both ways together. */
  get wireBytes(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + bytesOf(socket), this.#closedBytes);
  }

  /** Closes what is open, as a server does that has waited for long enough. */
  hangUp(): void {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#sockets.forEach((socket) => socket.destroy());
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.answer(await readAsk(request));
    const { fault } = this;
    if (fault === 'hang') return;
    if (fault === 'down') return void request.socket.destroy();
    if (fault === 'error') return void response.writeHead(500).end('a fault of the test');
    if (fault === 'garbage') return void response.writeHead(200, HTML).end('<html>please log in</html>');
    if (fault === 'none') return this.#send(response, answer);
    if ('status' in fault) return void response.writeHead(fault.status).end('a fault of the test');
    if ('dripPerSecond' in fault) return this.#drip(response, answer, fault.dripPerSecond);
    this.#sendPart(response, answer, fault);
  }

  async #send(response: ServerResponse, { status, headers, body, tail }: Answer): Promise<void> {
    if (tail === undefined) return void response.writeHead(status, withLength(headers, body)).end(body);
    response.writeHead(status, headers).write(body);
    await pipeline(Readable.from(this.#again(tail)), response);
  }

  *#again(tail: Buffer): Generator<Buffer> {
    for (;;) {
      this.tailBytes += tail.length;
      yield tail;
    }
  }

  #sendPart(
    response: ServerResponse,
    { status, headers, body }: Answer,
    fault: { cutAfter: number } | { endAfter: number } | { silentAfter: number },
  ): void {
    if ('endAfter' in fault)
      return void response.writeHead(status, headers).end(body.subarray(0, fault.endAfter));
    response.writeHead(status, withLength(headers, body));
    if ('cutAfter' in fault)
      return void response.write(body.subarray(0, fault.cutAfter), () => response.destroy());
    if (body.length <= fault.silentAfter) return void response.end(body);
    response.flushHeaders();
    if (fault.silentAfter > 0) response.write(body.subarray(0, fault.silentAfter));
  }

  async #drip(
    response: ServerResponse,
    { status, headers, body }: Answer,
    bytesPerSecond: number,
  ): Promise<void> {
    response.writeHead(status, withLength(headers, body));
    const size = Math.max(1, Math.round(bytesPerSecond / DRIPS_PER_SECOND));
    for (let sent = 0; sent < body.length && !response.destroyed; sent += size) {
      response.write(body.subarray(sent, sent + size));
      await this.#clock.sleep(1_000 / DRIPS_PER_SECOND, this.#closing.signal);
    }
    response.end();
  }
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}

function withLength(headers: Answer['headers'], body: Buffer): Record<string, string | number> {
  return { ...headers, 'content-length': body.length };
}

async function readAsk(request: IncomingMessage): Promise<Ask> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  return {
    method: request.method ?? 'GET',
    path: decodeURIComponent(path),
    query,
    headers: request.headers,
    body: Buffer.concat(chunks),
  };
}
