import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { incarnations } from '../../src/domain/process.js';
import { isAlive } from '../processes.js';
import { eventually, freePort, startDaemon, type TestDaemon } from './daemon.js';
import { health, rollRoot } from './rolling.js';

/** Serves on PORT + instance, and says in body and header who it is. */
function says(name: string): string {
  return `
const port = Number(process.env.PORT) + (process.env.SHARED ? 0 : Number(process.env.NODE_APP_INSTANCE));
require('node:http').createServer((request, response) => {
  response.setHeader('x-release', '${name}').setHeader('connection', 'close').end('{"version":"${name}"}');
}).listen(port, '127.0.0.1');`;
}

async function start(target: TestDaemon, app: Record<string, unknown>): Promise<void> {
  await target.write('app.js', says('v1.0.0'));
  await target.start({ name: 'web', script: 'app.js', instances: 2, ...app });
}

test('an answer must name the release where its health says so', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await start(target, { exec_mode: 'fork', env: { PORT: port } });
  const expect = { status: 200, body: '"version":"{tag}"', header: { 'X-Release': '{tag}' } };
  const named = health({ url: `http://127.0.0.1:${port}/`, timeoutMs: 2_000, expect });
  await target.write('app.js', says('v1.1.0-rc.1'));
  const other = await rollRoot(target, { health: named });
  assert.ok(!other.outcome.healthy);
  assert.match(other.outcome.cause, /does not say "v1\.1\.0" in the header X-Release, but "v1\.1\.0-rc\.1"/);
  const spared = ({ pmId }: { pmId: number }): boolean => pmId === 1;
  assert.deepEqual(
    incarnations(other.after.filter(spared)),
    incarnations(other.before.filter(spared)),
    'the first process proved it for all',
  );
  await target.write('app.js', says('v1.1.0'));
  assert.deepEqual((await rollRoot(target, { health: named })).outcome, { healthy: true });
  const refused = await rollRoot(target, {
    health: { ...named, expect: { ...expect, status: 204 } },
  });
  assert.ok(!refused.outcome.healthy);
  assert.match(refused.outcome.cause, /answers 200$/);
});

test('while old workers of a cluster answer too, the new one is found among them', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await start(target, { exec_mode: 'cluster', env: { PORT: port, SHARED: 'yes' } });
  const expect = { status: null, body: '{tag}', header: {} };
  const named = health({ url: `http://127.0.0.1:${port}/`, timeoutMs: 400, expect });
  await target.write('app.js', says('v1.1.0'));
  assert.deepEqual((await rollRoot(target, { health: named })).outcome, { healthy: true });
  await target.write('app.js', says('v1.0.9'));
  const other = await rollRoot(target, { health: named });
  assert.ok(!other.outcome.healthy);
  assert.match(other.outcome.cause, /does not say "v1\.1\.0" in the body, but "{"version":"v1\.0\.9"}"/);
});

test('an answer from a process whose turn is still to come proves nothing against the first', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await start(target, { exec_mode: 'fork', env: { PORT: port } });
  await target.write('app.js', says('v1.1.0'));
  const expect = { status: null, body: '{tag}', header: {} };
  // The address is that of the second process.
  const named = health({ url: `http://127.0.0.1:${port + 1}/`, timeoutMs: 400, expect });
  assert.deepEqual((await rollRoot(target, { health: named })).outcome, { healthy: true });
});

test('a health command is told which release it is about, and a whole tree ends with its limit', async (t) => {
  const target = await startDaemon(t);
  await start(target, { exec_mode: 'fork', env: { PORT: await freePort() } });
  const command = 'test "$GITOPS_TAG" = v1.1.0';
  const env = { PATH: process.env['PATH'] ?? '', GITOPS_TAG: 'v1.1.0' };
  const rolled = await rollRoot(target, { env, health: health({ command }) });
  assert.deepEqual(rolled.outcome, { healthy: true });
  const hanging = health({ command: 'sleep 601 & echo $! > child; sleep 600', timeoutMs: 500 });
  const hung = await rollRoot(target, { health: hanging });
  assert.ok(!hung.outcome.healthy && hung.tookMs < 10_000, `${hung.tookMs} ms`);
  assert.match(hung.outcome.cause, /did not end in time/);
  const child = Number(await readFile(`${target.root}/child`, 'utf8'));
  await eventually(() => Promise.resolve(!isAlive(child)));
});
