import assert from 'node:assert/strict';
import { get } from 'node:http';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Scene } from '../bed/scene.js';

// LOAD_ROUNDS=10 node dist/test/run.js scenarios/load: the whole of it, as the promise has it.
const ROUNDS = Number(process.env['LOAD_ROUNDS'] ?? 2);
const LIMIT = { timeout: 120_000 + ROUNDS * 60_000 };
const PAUSE_MS = 10;
const LANES = 4;

/**
 * Drains as pm2 documents: ready, close on SIGINT, and no connection that is kept open. It exits a moment after it has closed: until then
 * Node's cluster may have handed it a connection, which goes to another worker only if this one lives to refuse it.
 */
function serverText(version: string): string {
  return `
let draining = false;
const server = require('node:http').createServer((request, response) => {
  response.setHeader('connection', draining ? 'close' : 'keep-alive');
  setTimeout(() => response.end(JSON.stringify({ version: '${version}', pid: process.pid, dependencies: {} })), 5);
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send('ready'));
process.on('SIGINT', () => {
  draining = true;
  server.close(() => setTimeout(() => process.exit(0), 300));
});`;
}

/** Asks one after the other in some lanes until \`over\` aborts; what failed, and how many there were. */
async function press(port: number, over: AbortSignal): Promise<{ asked: number; failed: string[] }> {
  const failed: string[] = [];
  let asked = 0;
  const lane = async (): Promise<void> => {
    while (!over.aborted) {
      asked += 1;
      const problem = await askOnce(port);
      if (problem !== null) failed.push(problem);
      await setTimeout(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { asked, failed };
}

function askOnce(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent: false, timeout: 10_000 }, (response) => {
      response
        .resume()
        .on('end', () => {
          resolve(response.statusCode === 200 ? null : `status ${response.statusCode ?? 0}`);
        })
        .on('error', (error) => {
          resolve(error.message);
        });
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => {
      resolve(error.message);
    });
  });
}

test(
  `under load, no request of a draining cluster fails in ${ROUNDS} upgrades and ${ROUNDS} rollbacks of a crashing release`,
  LIMIT,
  async (t) => {
    const extra = { wait_ready: true, listen_timeout: 20_000, kill_timeout: 10_000 };
    const scene = await Scene.open(t, {
      apps: (port) => [{ name: 'web', port, mode: 'cluster', extra: { instances: 4, ...extra } }],
    });
    const release = (tag: string, text = serverText(tag)): Promise<string> =>
      scene.release(tag, {}, { 'server.cjs': text });
    await release('v1.0.0');
    await scene.adopt('v1.0.0');
    const over = new AbortController();
    const pressing = press(scene.port, over.signal);
    const codes: (number | null)[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      await release(`v1.${round}.0`);
      codes.push((await scene.cli(['apply'])).code);
      const pids = new Map((await scene.machine.processes()).map(({ pmId, pid }) => [pmId, pid]));
      await release(`v1.${round}.1`, "throw new Error('crashes at start');");
      codes.push((await scene.cli(['apply'])).code);
      for (const { pmId, pid } of (await scene.machine.processes()).slice(1))
        assert.equal(pid, pids.get(pmId), 'only the first worker met the crashing release');
      await scene.everywhere(`v1.${round}.0`);
    }
    over.abort();
    const { asked, failed } = await pressing;
    t.diagnostic(`${asked} requests, ${failed.length} failed`);
    assert.deepEqual(codes, Array.from({ length: ROUNDS }, () => [0, 4]).flat());
    assert.deepEqual(failed, []);
    assert.ok(asked > ROUNDS * 50, `${asked} requests`);
  },
);
