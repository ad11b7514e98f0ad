import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { isLoopback } from '../../src/domain/loopback.js';
import {
  openLoopbackServer,
  plainAnswer,
  type LoopbackOptions,
  type LoopbackServer,
} from '../../src/os/loopback-server.js';
import { ownFolder } from '../folder.js';

async function open(context: TestContext, options: Partial<LoopbackOptions> = {}): Promise<LoopbackServer> {
  const server = await openLoopbackServer({
    ...{ host: '127.0.0.1', port: 0, background: false },
    answer: ({ path, query, header }) =>
      Promise.resolve({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: `${path} ${query.get('q') ?? ''} ${header('accept')}`,
      }),
    onProblem: (error) => {
      throw error;
    },
    ...options,
  });
  context.after(() => server.close());
  return server;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(url: string, { body = '', ...asking }: Asking = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { ...asking, agent: false }, resolve)
      .on('error', reject)
      .end(body);
  });
}

async function statusOf(url: string, asking: Asking = {}): Promise<number | undefined> {
  const response = await ask(url, asking);
  response.resume();
  return response.statusCode;
}

test('a question is answered, a HEAD without the body, and neither is kept by anybody', async (context) => {
  const { url } = await open(context);
  const answer = await ask(`${url}/a%20b?q=%26&x=1#y`, { headers: { accept: 'text/html' } });
  assert.equal(await text(answer), '/a%20b & text/html');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['content-length'], '18');
  const head = await ask(url, { method: 'HEAD' });
  assert.deepEqual([head.headers['content-length'], await text(head)], ['3', '']);
});

test('what is more than a question, or comes by a name that only leads here, is refused', async (context) => {
  const { url } = await open(context);
  const { port } = new URL(url);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    assert.equal(await statusOf(url, { method }), 405);
  const withBody = { method: 'GET', body: 'x', headers: { 'content-length': '1' } };
  assert.equal(await statusOf(url, withBody), 413);
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.',
    '[::2]',
  ])
    assert.equal(await statusOf(url, { headers: { host } }), 421, host);
  for (const host of ['localhost', `LOCALHOST:1`, `127.0.0.1:${port}`, '[::1]:80', '127.9.9.9'])
    assert.equal(await statusOf(url, { headers: { host } }), 200, host);
  assert.equal(await statusOf(url, { headers: { cookie: 'x'.repeat(9_000) } }).catch(() => 431), 431);
});

test('an address of its own in the line of the request, and what is no HTTP, get nothing', async (context) => {
  const { url } = await open(context);
  for (const [sent, told] of [
    ['GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['\u0016\u0003\u0001\r\n\r\n', /^$/],
  ] as const) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end(sent);
    assert.match(await text(socket), told);
  }
});

test('what fails is told to its owner and not to whoever asked', async (context) => {
  const problems: unknown[] = [];
  const { url } = await open(context, {
    answer: () => Promise.reject(new Error('s3cret')),
    onProblem: (error) => problems.push(error),
  });
  const answer = await ask(url);
  assert.deepEqual([answer.statusCode, await text(answer)], [500, '500 Internal Server Error\n']);
  assert.deepEqual(problems.map(String), ['Error: s3cret']);
});

test(
  'an answer that goes on ends when its reader goes, and when the server closes',
  { timeout: 20_000 },
  async (context) => {
    const signals: AbortSignal[] = [];
    const server = await open(context, {
      answer: ({ signal }) => {
        signals.push(signal);
        const body = (async function* () {
          yield 'data: 1\n\n';
          if (!signal.aborted) await once(signal, 'abort');
        })();
        return Promise.resolve({ status: 200, headers: { 'content-type': 'text/event-stream' }, body });
      },
    });
    const [first, second] = [await ask(server.url), await ask(server.url)];
    for (const response of [first, second]) assert.equal(String(await once(response, 'data')), 'data: 1\n\n');
    const [ofFirst, ofSecond] = signals;
    assert.ok(ofFirst !== undefined && ofSecond !== undefined);
    const gone = once(ofFirst, 'abort');
    first.destroy();
    await gone;
    assert.equal(ofSecond.aborted, false);
    second.on('error', () => undefined); // broken off, as it is
    await server.close();
    assert.equal(ofSecond.aborted, true);
  },
);

test('an address belongs to one, and to another when that one has closed', async (context) => {
  const first = await open(context);
  const port = Number(new URL(first.url).port);
  await assert.rejects(open(context, { port }), { code: 'EADDRINUSE' });
  await first.close();
  assert.equal((await open(context, { port })).url, first.url);
});

test('only an address of this machine alone is listened at', async (context) => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost', '127.evil.example', '127.0.0.256', ''])
    await assert.rejects(open(context, { host }), /no loopback address/, host);
  assert.deepEqual(['127.0.0.1', '127.1.2.3', '::1'].map(isLoopback), [true, true, true]);
});

test('an answer of nothing but its status', () => {
  assert.deepEqual(plainAnswer(404), {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '404 Not Found\n',
  });
});

/** A program that listens in the background, has asked itself, and has nothing else to do. */
const GUEST = `
import { get } from 'node:http';
import { openLoopbackServer, plainAnswer } from ${JSON.stringify(new URL('../../src/os/loopback-server.js', import.meta.url).href)};
const answer = () => Promise.resolve(plainAnswer(200));
const { url } = await openLoopbackServer({ host: '127.0.0.1', port: 0, background: true, answer, onProblem: console.error });
await new Promise((resolve) => get(url, { agent: false, headers: { connection: 'keep-alive' } }, (response) => response.resume().once('end', resolve)));
console.log('asked');
`;

test('a server in the background keeps no process alive', { timeout: 20_000 }, () => {
  const limit = { encoding: 'utf8', timeout: 15_000 } as const;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', GUEST], limit);
  assert.deepEqual([status, stdout], [0, 'asked\n']);
});

/** A worker of a cluster that listens where it is told to; its primary tells at which addresses it listens itself. */
const CLUSTER = `
import cluster from 'node:cluster';
import { openLoopbackServer, plainAnswer } from ${JSON.stringify(new URL('../../src/os/loopback-server.js', import.meta.url).href)};
const answer = () => Promise.resolve(plainAnswer(200));
const open = () => openLoopbackServer({ host: '127.0.0.1', port: Number(process.env.PORT), background: false, answer, onProblem: console.error });
if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const told = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  console.log(told.sort().join());
  workers.forEach((worker) => worker.kill());
} else {
  process.send(await open().then(() => 'listens', ({ code }) => code));
  setInterval(() => undefined, 1_000);
}
`;

test(
  'in a cluster the address belongs to one worker, and is not opened by the primary for all',
  { timeout: 20_000 },
  async (context) => {
    const folder = await ownFolder(context);
    const program = join(folder, 'cluster.mjs');
    await writeFile(program, CLUSTER);
    const free = await open(context);
    await free.close();
    const { stdout, stderr } = spawnSync(process.execPath, [program], {
      ...{ encoding: 'utf8', timeout: 15_000 },
      env: { ...process.env, PORT: new URL(free.url).port },
    });
    assert.equal(stdout, 'EADDRINUSE,listens\n', stderr);
  },
);
