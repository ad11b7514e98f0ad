import assert from 'node:assert/strict';
import { appendFile, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { servePage, writePage, type ServedPage } from '../../src/agent/serve-page.js';
import { openJournal } from '../../src/state/journal.js';
import { runLog } from '../../src/state/runs.js';
import { waitFor } from '../bed/wait.js';
import { ownFolder } from '../folder.js';
import { PHASES, upgradeIn } from '../domain/upgrade-table.js';
import { rootAtWork } from '../page/root-at-work.js';

// No daemon of a person who runs the tests is asked.
process.env['PM2_HOME'] = '/nowhere';
const LIMIT = { timeout: 60_000 };
const RUN = '20261124-184207-017-a1b2';

async function served(t: TestContext, ...folders: readonly string[]): Promise<ServedPage> {
  const onProblem = (error: unknown): void => {
    assert.fail(String(error));
  };
  const page = await servePage({ folders, port: 0, onProblem });
  t.after(() => page.close());
  return page;
}

/** The events of a page, as they come. */
async function* eventsOf(address: string, signal: AbortSignal): AsyncGenerator<string, void> {
  const { body } = await fetch(address, { signal });
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done = true, value = '' } = (await reader?.read()) ?? {};
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    yield* events;
  }
}

test('the page of a root is served to whoever has its address, and to nobody else', LIMIT, async (t) => {
  const { root } = await rootAtWork(t, RUN);
  const { address } = await served(t, root);
  const answer = await fetch(address);
  assert.equal(answer.status, 200);
  const text = await answer.text();
  assert.match(text, /Cut off while staging[^]*fetch v1\.1\.0/);
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(
    policy,
    /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  for (const [name, value] of [
    ['cache-control', 'no-store'],
    ['referrer-policy', 'no-referrer'],
    ['x-content-type-options', 'nosniff'],
    ['cross-origin-opener-policy', 'same-origin'],
  ] as const)
    assert.equal(answer.headers.get(name), value);

  const { origin } = new URL(address);
  const [other] = await Promise.all([served(t, root)]);
  for (const [path, status] of [
    ['/', 404],
    ['/events', 404],
    [new URL(other.address).pathname, 404],
    [`${new URL(address).pathname}nothing`, 404],
  ] as const)
    assert.equal((await fetch(`${origin}${path}`)).status, status, path);
  assert.equal((await fetch(address, { method: 'POST' })).status, 405);
});

test('all of a run’s log is served, and nothing that is none', LIMIT, async (t) => {
  const layout = await rootAtWork(t, RUN);
  await appendFile(runLog(layout, RUN), '2026-11-24T18:42:08.000Z | \u001b[31mred\u202e\n');
  await writeFile(join(layout.state, 'log.txt'), 'none of a run');
  const { address } = await served(t, layout.root);
  const log = await fetch(`${address}log/0/${RUN}`);
  assert.equal(log.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.match(await log.text(), /\* fetch v1\.1\.0\n.*\| red\\u\{202e\}\n$/);
  for (const path of ['log/1/' + RUN, 'log/0/none', 'log/0/..%2f.', 'log/0/%2e%2e', 'log/'])
    assert.equal((await fetch(address + path)).status, 404, path);
});

test('whoever listens hears what changes in the records, and nothing twice', LIMIT, async (t) => {
  const layout = await rootAtWork(t, RUN);
  const { address } = await served(t, layout.root);
  const known = /data-version="([^"]+)"/.exec(await (await fetch(address)).text())?.[1] ?? '';
  const over = new AbortController();
  const events = eventsOf(`${address}events?known=${known}`, over.signal);
  const next = async (): Promise<string> => String((await events.next()).value);
  assert.match(await next(), /^id: \S+\nevent: page\ndata: \{[^\n]*"parts":\[\]\}$/, 'it has all of that');
  await (await openJournal(layout.journal)).append(upgradeIn({ ...PHASES.stuck, run: RUN }), 2);
  const told = await next();
  assert.match(told, /Stuck: an operator is needed/);
  assert.doesNotMatch(told, /r0-rules/, 'what is as it was is not told again');
  const lost = eventsOf(`${address}events?known=of-long-ago`, over.signal);
  assert.match(String((await lost.next()).value), /r0-state[^]*r0-rules/, 'who missed something hears all');
  over.abort();
});

test('no more may listen than a page can bear; the page itself is there for the others', LIMIT, async (t) => {
  const { root } = await rootAtWork(t, RUN);
  const { address } = await served(t, root);
  const over = new AbortController();
  const listeners = Array.from({ length: 16 }, () => eventsOf(`${address}events`, over.signal));
  await Promise.all(listeners.map((events) => events.next()));
  const refused = await fetch(`${address}events`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '60']);
  assert.equal((await fetch(address)).status, 200);
  over.abort();
});

test('a root that breaks later, and one of a newer version, are told on the page', LIMIT, async (t) => {
  const [one, other] = [await rootAtWork(t, RUN), await rootAtWork(t, RUN)];
  const { address } = await served(t, one.root, other.root);
  await writeFile(one.config, '{"repository": 3}');
  const text = await (await fetch(address)).text();
  assert.match(text, /Could not be read[^]*Cut off while staging[^]*This root could not be read/);
});

test('where no poller lives, the page asks for one', LIMIT, async (t) => {
  const { root, observed } = await rootAtWork(t, RUN);
  const { address } = await served(t, root);
  const look = async (at: number): Promise<string> => {
    const seen = { turn: at, at, error: null, code: null, outage: null, looks: 1, listed: null };
    await writeFile(observed, JSON.stringify({ schema: 1, ...seen, policy: null, policyError: null }));
    return (await fetch(address)).text();
  };
  assert.doesNotMatch(await look(Date.now()), /does a poller run/);
  const later = await waitFor('a reading of its own', async () => {
    const text = await look(Date.now() - 3_600_000);
    return text.includes('1 h ago') ? text : null;
  });
  assert.match(later, /does a poller run/);
});

test(
  'a page is written as one file, with every log, and whoever reads it meanwhile reads the former one',
  LIMIT,
  async (t) => {
    const { root } = await rootAtWork(t, RUN);
    const folder = await ownFolder(t);
    const path = join(folder, 'page.html');
    await writeFile(path, 'the former one', { mode: 0o644 });
    const before = await stat(path);
    await writePage([root], path, t.signal);
    const [text, after] = [await readFile(path, 'utf8'), await stat(path)];
    assert.match(
      text,
      /Content-Security-Policy" content="default-src &#39;none&#39;; style-src [^"]*"[^]*fetch v1\.1\.0/,
    );
    assert.doesNotMatch(text, /<script|log\/0/);
    assert.notEqual(after.ino, before.ino);
    assert.equal(after.mode & 0o777, 0o644);
    assert.deepEqual(await readdir(folder), ['page.html']);
  },
);
