import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../../src/os/clock.js';

/** What a network does to a request: refuse it, never answer, answer 500, break off after some bytes, send some bytes a second. */
export type Fault =
  'none' | 'down' | 'hang' | 'error' | { readonly cutAfter: number } | { readonly dripPerSecond: number };

/** A request with its whole body. */
export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A response with its whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const DRIPS_PER_SECOND = 10;

/** A small HTTP server on 127.0.0.1 whose faults can be switched while it runs. */
export class LoopbackServer {
  fault: Fault = 'none';
  /** Makes the answer to each request; its owner sets it. */
  answer: (ask: Ask) => Answer | Promise<Answer> = () => ({
    status: 404,
    headers: {},
    body: Buffer.alloc(0),
  });
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  readonly #clock = systemClock();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => request.socket.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
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

  async close(): Promise<void> {
    this.#closing.abort();
    this.#sockets.forEach((socket) => socket.destroy());
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, body } = await this.answer(await readAsk(request));
    if (this.fault === 'hang') return;
    if (this.fault === 'down') return void request.socket.destroy();
    if (this.fault === 'error') return void response.writeHead(500).end('a fault of the test');
    response.writeHead(status, { ...headers, 'content-length': body.length });
    if (this.fault === 'none') return void response.end(body);
    if ('dripPerSecond' in this.fault) return this.#drip(response, body, this.fault.dripPerSecond);
    response.write(body.subarray(0, this.fault.cutAfter), () => request.socket.destroy());
  }

  async #drip(response: ServerResponse, body: Buffer, bytesPerSecond: number): Promise<void> {
    const size = Math.max(1, Math.round(bytesPerSecond / DRIPS_PER_SECOND));
    for (let sent = 0; sent < body.length && !response.destroyed; sent += size) {
      response.write(body.subarray(sent, sent + size));
      await this.#clock.sleep(1_000 / DRIPS_PER_SECOND, this.#closing.signal);
    }
    response.end();
  }
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
