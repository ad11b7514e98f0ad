import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { boundedFetch } from '../../src/os/bounded-fetch.js';
import { LoopbackServer, type Ask } from '../bed/loopback.js';

const LIMIT = { timeout: 30_000 };
const BOUNDS = { signal: new AbortController().signal, limitMs: 10_000, maxBytes: 1_000 };

interface Redirecting {
  readonly server: LoopbackServer;
  readonly asked: Ask[];
}

/** A server that leads `/old` to some place, and says `here` everywhere else. */
async function leadingTo(t: TestContext, location: string, status = 301): Promise<Redirecting> {
  const server = await LoopbackServer.open();
  t.after(() => server.close());
  const asked: Ask[] = [];
  server.answer = (ask) => {
    asked.push(ask);
    return ask.path === '/old'
      ? { status, headers: { location }, body: Buffer.from('moved') }
      : { status: 200, headers: {}, body: Buffer.from('here') };
  };
  return { server, asked };
}

test(
  'a redirect is followed within its origin, headers and all; to another place nothing goes',
  LIMIT,
  async (t) => {
    const headers = { authorization: 'token a-secret' };
    const here = await leadingTo(t, '/new');
    const answer = await boundedFetch(BOUNDS)(`${here.server.url}/old`, { headers });
    assert.equal(await answer.text(), 'here');
    assert.deepEqual(
      here.asked.map(({ path }) => path),
      ['/old', '/new'],
    );
    assert.equal(here.asked[1]?.headers.authorization, headers.authorization);

    const elsewhere = await leadingTo(t, '/');
    const away = await leadingTo(t, `${elsewhere.server.url}/new`);
    await assert.rejects(boundedFetch(BOUNDS)(`${away.server.url}/old`, { headers }), {
      code: 'SOURCE_UNREACHABLE',
      message: `redirects to another place, ${new URL(elsewhere.server.url).host}`,
    });
    assert.deepEqual(elsewhere.asked, []);
  },
);

test(
  'what is sent is sent again where a redirect keeps the verb, and nowhere else; circles end',
  LIMIT,
  async (t) => {
    const post = { method: 'POST', body: '{}' };
    const kept = await leadingTo(t, '/new', 307);
    await boundedFetch(BOUNDS)(`${kept.server.url}/old`, post);
    assert.deepEqual(
      kept.asked.map(({ method, body }) => `${method} ${body.toString()}`),
      ['POST {}', 'POST {}'],
    );
    const lost = await leadingTo(t, '/new', 302);
    await assert.rejects(boundedFetch(BOUNDS)(`${lost.server.url}/old`, post), {
      code: 'SOURCE_UNREACHABLE',
    });
    const circle = await leadingTo(t, '/old');
    await assert.rejects(boundedFetch(BOUNDS)(`${circle.server.url}/old`), { code: 'SOURCE_UNREACHABLE' });
    assert.equal(circle.asked.length, 4);
  },
);

test('an answer without an end is not taken', LIMIT, async (t) => {
  const { server } = await leadingTo(t, '/');
  const tail = Buffer.alloc(500);
  server.answer = () => ({ status: 200, headers: {}, body: tail, tail });
  await assert.rejects(boundedFetch(BOUNDS)(server.url), { message: 'answered more than 1000 bytes' });
});
