import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openRoot } from '../../src/agent/compose.js';
import { listen } from '../../src/agent/listen.js';
import { hold } from '../../src/agent/orders.js';
import { readStatus } from '../../src/agent/status.js';
import { Listener } from '../../src/agent/tell-programs.js';
import type { ListenAddress } from '../../src/config/metrics.js';
import { statusJson } from '../../src/domain/json.js';
import { startAgent, type Agent } from '../../src/index.js';
import { systemClock } from '../../src/os/clock.js';
import { claimPorts, closePlace, openPlace } from '../bed/place.js';
import { Remote } from '../bed/remote.js';
import { waitFor } from '../bed/wait.js';
import { readExposition } from '../domain/exposition.js';
import { ownRoot } from './place.js';

const CLOCK = systemClock();
const HASTY = {
  ...CLOCK,
  sleep: (ms: number, signal: AbortSignal) => CLOCK.sleep(Math.min(ms, 20), signal),
};

/** A port of the test's own. */
async function ownAddress(context: TestContext): Promise<ListenAddress> {
  const place = await openPlace();
  context.after(() => closePlace(place));
  return { host: '127.0.0.1', port: await claimPorts(1) };
}

function urlOf({ host, port }: ListenAddress): string {
  return `http://${host}:${port}`;
}

/** A root whose gitops.json says more. */
async function writtenRoot(context: TestContext, more: object): Promise<string> {
  const { layout } = await ownRoot(context);
  await writeFile(layout.config, JSON.stringify({ repository: 'https://127.0.0.1:1/a.git', ...more }));
  return layout.root;
}

/** Starts to listen for the root in `folder`; ended by the function that comes back. */
function startListening(context: TestContext, folder: string, address: ListenAddress) {
  const over = new AbortController();
  const problems: string[] = [];
  const onProblem = (error: unknown): void => void problems.push(String(error));
  const ended = listen({ folder, address, clock: HASTY, signal: over.signal, onProblem });
  const end = async (): Promise<void> => {
    over.abort(new Error('the test ends'));
    await ended;
  };
  context.after(end);
  return { end, problems };
}

async function rootAt(address: ListenAddress): Promise<string | null> {
  const answer = await fetch(`${urlOf(address)}/healthz`).catch(() => null);
  return answer === null ? null : (/"root":"([^"]*)"/.exec(await answer.text())?.[1] ?? '');
}

test('one poller of a root listens, the next one takes over when it ends, and nothing is left open', async (context) => {
  const address = await ownAddress(context);
  const folder = await writtenRoot(context, {});
  const pollers = [startListening(context, folder, address)];
  await waitFor('the first', async () => (await rootAt(address)) === folder);
  pollers.push(startListening(context, folder, address), startListening(context, folder, address));
  for (const poller of pollers) {
    await waitFor('a poller that listens', async () => (await rootAt(address)) === folder);
    await poller.end();
  }
  assert.equal(await rootAt(address), null);
  assert.deepEqual(
    pollers.flatMap(({ problems }) => problems),
    [],
  );
});

test('an address that a program or another root has is told, once, and taken when it is free', async (context) => {
  const address = await ownAddress(context);
  const [folder, other] = [await writtenRoot(context, {}), await writtenRoot(context, {})];
  const stranger = createServer((_, response) => response.end('{"root":1}')).listen(
    address.port,
    address.host,
  );
  await once(stranger, 'listening');
  const poller = startListening(context, folder, address);
  await waitFor('the problem', () => poller.problems.length > 0);
  stranger.close();
  stranger.closeAllConnections();
  await waitFor('our turn', async () => (await rootAt(address)) === folder);
  const later = startListening(context, other, address);
  await waitFor('the other problem', () => later.problems.length > 0);
  const where = `GitOpsError: metrics.listen: cannot listen at 127.0.0.1:${address.port}`;
  assert.deepEqual(poller.problems, [`${where}: another program does`]);
  assert.deepEqual(later.problems, [`${where}: the poller of ${folder} does`]);
});

test('a poller listens where its configuration says, and no longer than it says so', async (context) => {
  const [first, second] = [await ownAddress(context), await ownAddress(context)];
  const root = await ownRoot(context);
  await writeFile(root.layout.config, JSON.stringify({ repository: 'https://127.0.0.1:1/a.git' }));
  const listener = new Listener(HASTY, assert.ifError);
  const follow = (address: ListenAddress | null): Promise<void> =>
    listener.follow({ ...root, config: { ...root.config, metrics: { listen: address, file: null } } });
  await follow(null);
  for (const [now, before] of [
    [first, second],
    [second, first],
  ] as const) {
    await follow(now);
    await follow({ ...now });
    await waitFor('the new address', async () => (await rootAt(now)) === root.layout.root);
    assert.equal(await rootAt(before), null);
  }
  await follow(null);
  assert.equal(await rootAt(second), null);
  await follow(first);
  await listener.close();
  assert.equal(await rootAt(first), null);
});

test('whether anybody polls is told, and a root that cannot be read', async (context) => {
  const address = await ownAddress(context);
  const folder = await writtenRoot(context, {});
  startListening(context, folder, address);
  const answer = await waitFor('an answer', () => fetch(`${urlOf(address)}/healthz`).catch(() => null));
  assert.deepEqual([answer.status, await answer.json()], [200, { ok: true, root: folder }]);
  await writeFile(join(folder, 'gitops.json'), '{}');
  for (const path of ['/metrics', '/status']) {
    const refused = await fetch(`${urlOf(address)}${path}`);
    assert.equal(refused.status, 503);
    assert.match(await refused.text(), /repository: this key is missing/);
  }
});

/** A remote with two versions, and a held machine that follows it. */
async function scene(context: TestContext) {
  const address = await ownAddress(context);
  const remote = await Remote.open();
  context.after(() => remote.close());
  for (const tag of ['v1.0.0', 'v1.1.0']) await remote.release(tag, { 'app.js': tag });
  const root = await ownRoot(context);
  const { layout } = root;
  const file = join(layout.root, 'shop.prom');
  const metrics = { listen: `127.0.0.1:${address.port}`, file };
  await writeFile(
    layout.config,
    JSON.stringify({ repository: remote.url, name: 'vps "7"', strategy: 'releases', metrics }),
  );
  await hold(root, { reason: 'a test', until: null });
  const before = process.env['PM2_HOME'];
  process.env['PM2_HOME'] = join(layout.root, 'pm2');
  context.after(() => {
    if (before === undefined) delete process.env['PM2_HOME'];
    else process.env['PM2_HOME'] = before;
  });
  return { url: urlOf(address), folder: layout.root, file };
}

async function polled(agent: Agent): Promise<void> {
  agent.on('problem', (error) => {
    throw error;
  });
  await once(agent, 'polled');
}

test(
  'an agent tells programs what it tells people: by its address and by a file',
  { timeout: 60_000 },
  async (context) => {
    const { url, folder, file } = await scene(context);
    const agent = startAgent({ root: folder });
    context.after(() => agent.close());
    await polled(agent);
    const written = await waitFor('the file', () => readFile(file, 'utf8').catch(() => null));
    const asked = await fetch(`${url}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
    assert.match(asked.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    const told = readExposition(await asked.text(), 'openmetrics');
    const plain = await fetch(`${url}/metrics`);
    assert.match(plain.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);

    const valueOf = (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined => {
      const { samples = [] } = told.find((family) => family.name === `pm2_gitops${name}`) ?? {};
      return samples.find((sample) =>
        Object.entries({ root: folder, ...labels }).every(([key, value]) => sample.labels[key] === value),
      )?.value;
    };
    assert.equal(valueOf('', { machine: 'vps "7"', channel: 'stable', active: '', desired: 'v1.1.0' }), 1);
    assert.equal(valueOf('_behind'), 1);
    assert.equal(valueOf('_held_back', { reason: 'held' }), 1);
    assert.equal(valueOf('_last_look_ok'), 1);
    assert.equal(valueOf('_looks', { result: 'good' }), 1);
    assert.ok((valueOf('_poller_resident_memory_bytes') ?? 0) > 1e7);

    // The same but for what only a process that listens can tell.
    const names = told.map(({ name }) => name).filter((name) => !name.includes('_poller_'));
    const inFile = readExposition(written, 'text').map(({ name }) => name.replace(/_(total|info)$/, ''));
    assert.deepEqual(inFile, names);
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o644);

    const status: unknown = await (await fetch(`${url}/status`)).json();
    const root = await openRoot(folder);
    const same: unknown = JSON.parse(
      JSON.stringify(statusJson(await readStatus(root, AbortSignal.timeout(10_000)))),
    );
    assert.deepEqual(status, same);
    assert.equal((await fetch(`${url}/gitops.json`)).status, 404);
    assert.equal((await fetch(`${url}/toString`)).status, 404);
    await agent.close();
    await assert.rejects(fetch(`${url}/healthz`));
  },
);

test(
  'a file that cannot be written is a problem that is told, and keeps nobody from polling',
  { timeout: 60_000 },
  async (context) => {
    const folder = await writtenRoot(context, { metrics: { file: '/nowhere/shop.prom' } });
    const alive = setInterval(() => undefined, 1_000); // an agent keeps nobody alive
    context.after(() => {
      clearInterval(alive);
    });
    const agent = startAgent({ root: folder });
    context.after(() => agent.close());
    const problem = once(agent, 'problem');
    await once(agent, 'polled');
    assert.match(String((await problem)[0]), /metrics\.file: cannot write \/nowhere\/shop\.prom/);
  },
);
