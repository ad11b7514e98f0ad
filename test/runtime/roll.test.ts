import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { incarnations } from '../../src/domain/process.js';
import { exists } from '../../src/os/files.js';
import { systemClock } from '../../src/os/clock.js';
import { ExitWatch } from '../../src/runtime/exits.js';
import { listProcesses, type ListedProcess } from '../../src/runtime/processes.js';
import { restart } from '../../src/runtime/turn.js';
import { SERVES, servesOn } from './apps.js';
import {
  eventually,
  freePort,
  isAlive,
  PM2_PACKAGES,
  startDaemon,
  testSignal,
  type TestDaemon,
} from './daemon.js';
import { health, rollRoot, type Rolled } from './rolling.js';

const HEALTHY = { healthy: true };

/** Starts instances of an app that serves, and waits until all do. */
async function startServing(target: TestDaemon, ...apps: readonly Record<string, unknown>[]): Promise<void> {
  await target.write('app.js', SERVES);
  await target.start(...apps.map((app) => ({ script: 'app.js', ...app })));
  const all = await listProcesses(target.daemon, testSignal());
  await eventually(async () =>
    (await Promise.all(all.map(({ pmId }) => exists(`${target.root}/up-${pmId}`)))).every(Boolean),
  );
}

function pidOf(lives: readonly { pmId: number; pid: number | null }[], pmId: number): number {
  const pid = lives.find((life) => life.pmId === pmId)?.pid;
  assert.ok(pid !== undefined && pid !== null, `${pmId} does not live`);
  return pid;
}

function assertAllNew({ before, after }: Rolled): void {
  const old = new Set(incarnations(before).map(({ pid }) => pid));
  assert.equal(incarnations(after).length, before.length);
  for (const { pid } of incarnations(after)) assert.ok(!old.has(pid));
  for (const pid of old) assert.equal(isAlive(pid), false, `old process ${pid} lives`);
}

for (const pm2Package of PM2_PACKAGES) {
  test(`${pm2Package}: fork and cluster processes all change over`, async (t) => {
    const target = await startDaemon(t, pm2Package);
    await startServing(
      target,
      { name: 'web', instances: 5, exec_mode: 'fork' },
      { name: 'api', instances: 2, exec_mode: 'cluster' },
    );
    const rolled = await rollRoot(target);
    assert.deepEqual(rolled.outcome, HEALTHY);
    assertAllNew(rolled);
    const first = rolled.lines.findIndex((line) => line.startsWith('web 0: healthy after'));
    const others = rolled.lines.map((line, i) =>
      line.endsWith('restarting') && !line.startsWith('web 0') ? i : Infinity,
    );
    assert.ok(first >= 0 && first < Math.min(...others), rolled.lines.join('\n'));
  });

  test(`${pm2Package}: the environment of a process stays what it was`, async (t) => {
    const target = await startDaemon(t, pm2Package);
    await startServing(
      target,
      { name: 'web', env: { PORT: '1', SECRET: 'x y' } },
      { name: 'api', exec_mode: 'cluster', env: { PORT: '2' } },
    );
    const before = await Promise.all([0, 1].map((pmId) => environmentOf(target, pmId)));
    await rollRoot(target);
    assert.deepEqual(await Promise.all([0, 1].map((pmId) => environmentOf(target, pmId))), before);
  });
}

// pm2 writes its own counters into every process that it starts.
const COUNTERS = [
  ...['pm_uptime', 'created_at', 'restart_time', 'unstable_restarts', 'exit_code', 'prev_restart_delay'],
  ...['version', 'node_version'],
];

async function environmentOf(target: TestDaemon, pmId: number): Promise<Map<string, unknown>> {
  const variables: unknown = JSON.parse(await readFile(`${target.root}/up-${pmId}`, 'utf8'));
  assert.ok(typeof variables === 'object' && variables !== null && 'PORT' in variables);
  return new Map(Object.entries(variables).filter(([name]) => !COUNTERS.includes(name)));
}

test('a roll that is done twice restarts nobody twice', async (t) => {
  const target = await startDaemon(t);
  await startServing(target, { name: 'web', instances: 3, exec_mode: 'fork' });
  const old = incarnations(await listProcesses(target.daemon, testSignal()));
  const { proven, after } = await rollRoot(target, { old });
  assert.deepEqual(
    [...proven].sort((one, other) => one.pmId - other.pmId),
    incarnations(after),
  );
  const again = await rollRoot(target, { old, proven });
  assert.deepEqual(again.outcome, HEALTHY);
  assert.deepEqual(incarnations(again.after), incarnations(again.before));
});

test('a roll that was cut after its first process goes on with the others', async (t) => {
  const target = await startDaemon(t);
  await startServing(target, { name: 'web', instances: 3, exec_mode: 'fork' });
  const old = incarnations(await listProcesses(target.daemon, testSignal()));
  await target.daemon.call('restartProcessId', [{ id: 1, env: {} }], {
    signal: testSignal(),
    timeoutMs: 10_000,
  });
  const proven = incarnations(await listProcesses(target.daemon, testSignal())).filter(
    ({ pmId }) => pmId === 1,
  );
  const rolled = await rollRoot(target, { old, proven });
  assert.deepEqual(rolled.outcome, HEALTHY);
  assert.equal(pidOf(rolled.after, 1), pidOf(rolled.before, 1));
  assert.notEqual(pidOf(rolled.after, 0), pidOf(rolled.before, 0));
  assert.notEqual(pidOf(rolled.after, 2), pidOf(rolled.before, 2));
});

test('what a person stopped stays stopped, what pm2 gave up is started', async (t) => {
  const target = await startDaemon(t);
  await startServing(target, { name: 'web', instances: 2, exec_mode: 'fork' });
  await target.pm2('stop', '0');
  await target.write('given-up.js', 'process.exit(1)');
  await target.start({ name: 'given-up', script: 'given-up.js', max_restarts: 1 });
  const statusOf = async (pmId: number): Promise<string | undefined> =>
    (await listProcesses(target.daemon, testSignal())).find((process) => process.pmId === pmId)?.status;
  await eventually(async () => (await statusOf(2)) === 'errored');
  await target.write('given-up.js', SERVES);
  const rolled = await rollRoot(target);
  assert.deepEqual(rolled.outcome, HEALTHY);
  assert.equal(await statusOf(0), 'stopped');
  assert.equal(await statusOf(2), 'online');
});

test("a process that waits for pm2's own restart is started once", async (t) => {
  const target = await startDaemon(t);
  await target.write('app.js', 'process.exit(1)');
  await target.start({ name: 'web', script: 'app.js', restart_delay: 700 });
  const waiting = async (): Promise<boolean> => {
    const [web] = await listProcesses(target.daemon, testSignal());
    return web?.status === 'waiting restart';
  };
  await eventually(waiting);
  await target.write('app.js', `require('node:fs').appendFileSync('started', 'x'); ${SERVES}`);
  const rolled = await rollRoot(target, { health: health({ settleMs: 1_500 }) });
  assert.deepEqual(rolled.outcome, HEALTHY);
  assert.equal(await readFile(`${target.root}/started`, 'utf8'), 'x');
});

test('a process that dies into a wait after we looked is started all the same', async (t) => {
  const target = await startDaemon(t);
  await target.write('app.js', 'setTimeout(() => process.exit(1), 500)');
  await target.start({ name: 'web', script: 'app.js', restart_delay: 60_000 });
  const look = async (status: string): Promise<ListedProcess | false> => {
    const [web] = await listProcesses(target.daemon, testSignal());
    return web?.status === status && web;
  };
  const online = await eventually(() => look('online'));
  await eventually(() => look('waiting restart'));
  const report = { step: () => undefined, output: () => undefined };
  const exits = new ExitWatch(systemClock(), testSignal());
  const turn = await restart(online, { daemon: target.daemon, exits, report }, testSignal());
  assert.equal(turn.refusal, null);
  assert.equal(turn.told, (await eventually(() => look('online'))).startedAt);
});

test('an address that answers, and a command that ends with 0, prove a release', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await target.write('app.js', servesOn(port));
  await target.start({ name: 'web', script: 'app.js' });
  const url = `http://localhost:${port}/`;
  const rolled = await rollRoot(target, { health: health({ url, command: `test -e app.js` }) });
  assert.deepEqual(rolled.outcome, HEALTHY);
});

test('a cluster is probed although the daemon holds its port', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await target.write('app.js', servesOn(port));
  await target.start({ name: 'api', script: 'app.js', exec_mode: 'cluster', instances: 2 });
  const rolled = await rollRoot(target, { health: health({ url: `http://127.0.0.1:${port}/` }) });
  assert.deepEqual(rolled.outcome, HEALTHY);
});
