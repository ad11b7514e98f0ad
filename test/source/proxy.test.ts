import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { listRefs } from '../../src/source/list-refs.js';
import { ownCertificate } from '../bed/certificate.js';
import { Remote } from '../bed/remote.js';
import { ownFolder } from '../folder.js';

const LIMIT = { timeout: 60_000 };

/** Passes a request on to another address. */
function passOn(request: IncomingMessage, response: ServerResponse, to: URL): void {
  const { method, headers } = request;
  const onward = ask(to, { method, headers: { ...headers, host: to.host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

/** Starts a server on loopback and gives its port. */
async function listen(t: TestContext, server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** A forward proxy that notes what it passes on: whole requests, and by CONNECT whole connections. */
async function openProxy(t: TestContext): Promise<{ url: string; passed: string[] }> {
  const passed: string[] = [];
  const server = createServer((request, response) => {
    passed.push(`${request.method ?? ''} ${new URL(request.url ?? '').host}`);
    passOn(request, response, new URL(request.url ?? ''));
  });
  server.on('connect', ({ url = '' }: IncomingMessage, client) => {
    passed.push(`CONNECT ${url}`);
    const { hostname, port } = new URL(`tcp://${url}`);
    const line = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 go on\r\n\r\n');
      line.pipe(client).pipe(line);
    });
    for (const end of [line, client])
      end.on('error', () => {
        [line, client].forEach((each) => each.destroy());
      });
  });
  return { url: `http://127.0.0.1:${await listen(t, server)}`, passed };
}

async function looker(
  t: TestContext,
): Promise<(url: string, env: Record<string, string>) => Promise<number>> {
  const cwd = await ownFolder(t);
  const usual = { PATH: process.env['PATH'] ?? '', HOME: cwd, GIT_CONFIG_NOSYSTEM: '1' };
  const place = { cwd, signal: new AbortController().signal, background: false };
  return async (url, env) =>
    (await listRefs({ url, env: { ...usual, ...env } }, { channels: [{ kind: 'stable' }] }, place)).length;
}

test('where a proxy is named git asks, by way of it, unless NO_PROXY excepts the host', LIMIT, async (t) => {
  const remote = await Remote.open();
  t.after(() => remote.close());
  await remote.release('v1.0.0', { a: '1' });
  const [proxy, look] = [await openProxy(t), await looker(t)];
  assert.equal(await look(remote.url, { http_proxy: proxy.url }), 1);
  const { host } = new URL(remote.url);
  assert.deepEqual(proxy.passed.splice(0), [`GET ${host}`, `POST ${host}`]);
  assert.equal(await look(remote.url, { http_proxy: proxy.url, no_proxy: '127.0.0.1' }), 1);
  assert.equal(remote.counts.capabilities, 2, 'by git all the same');
  await assert.rejects(look(remote.url, { http_proxy: 'http://127.0.0.1:9' }), {
    code: 'SOURCE_UNREACHABLE',
  });
  assert.deepEqual(proxy.passed, []);
});

test('an https remote is reached through a proxy that only connects', LIMIT, async (t) => {
  const certificate = await ownCertificate(t);
  if (certificate === null) return;
  const remote = await Remote.open();
  t.after(() => remote.close());
  await remote.release('v1.0.0', { a: '1' });
  const server = createTlsServer(certificate.pair, (request, response) => {
    passOn(request, response, new URL(request.url ?? '', remote.url));
  });
  const port = await listen(t, server);
  const [proxy, look] = [await openProxy(t), await looker(t)];
  const trust = { GIT_SSL_CAINFO: certificate.path };
  assert.equal(await look(`https://127.0.0.1:${port}/app.git`, { HTTPS_PROXY: proxy.url, ...trust }), 1);
  assert.deepEqual([...new Set(proxy.passed)], [`CONNECT 127.0.0.1:${port}`]);
});
