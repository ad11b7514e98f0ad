import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { GitOpsError } from '../../src/domain/errors.js';
import { incarnations, isOneOf, type Incarnation } from '../../src/domain/process.js';
import { listProcesses } from '../../src/runtime/processes.js';
import type { Daemon } from '../../src/runtime/rpc.js';
import { SERVES } from './apps.js';
import { CHOSEN_PM2, eventually, startDaemon, testSignal, type TestDaemon } from './daemon.js';
import { health, rollRoot } from './rolling.js';

const KINDS = [...CHOSEN_PM2.map((name) => [name, 'fork'] as const), ['pm2', 'cluster'] as const];

/** The daemon, as one sees it who dies just after the n-th call that changes something; `calls` counts them. */
function cutAfter(
  target: TestDaemon,
  n: number,
): { readonly target: TestDaemon; readonly calls: () => number } {
  let calls = 0;
  const { daemon } = target;
  const call: Daemon['call'] = async (method, args, options) => {
    if (calls >= n) throw new GitOpsError('ABORTED', 'it died');
    const answer = await daemon.call(method, args, options);
    if (method !== 'getMonitorData' && ++calls === n) throw new GitOpsError('ABORTED', 'it died');
    return answer;
  };
  const cut = { ...target, daemon: { home: daemon.home, call, close: () => undefined } };
  return { target: cut, calls: () => calls };
}

/** An app with a long wait before pm2's own restart, in that wait; what it runs next is good. */
async function startWaiting(target: TestDaemon, exec_mode: string): Promise<void> {
  await target.write('app.js', 'process.exit(1)');
  await target.start({ name: 'web', script: 'app.js', restart_delay: 600_000, exec_mode });
  await eventually(async () => {
    const [web] = await listProcesses(target.daemon, testSignal());
    return web?.status === 'waiting restart';
  });
  await target.write('app.js', SERVES);
}

for (const [pm2Package, exec_mode] of KINDS)
  test(`${pm2Package}, ${exec_mode}: a process that waits for pm2's own restart is started also where the roll is cut off after any call`, async (t) => {
    const target = await startDaemon(t, pm2Package);
    for (let n = 1, isWhole = false; !isWhole; n += 1) {
      await startWaiting(target, exec_mode);
      const cut = cutAfter(target, n);
      await rollRoot(cut.target, { old: [] }).catch((error: unknown) => {
        if (!(error instanceof GitOpsError && error.code === 'ABORTED')) throw error;
      });
      isWhole = cut.calls() < n;
      const { outcome, after, lines } = await rollRoot(target, { old: [] });
      assert.deepEqual([n, outcome.healthy, after[0]?.status], [n, true, 'online'], lines.join('\n'));
      const env = await eventually(() => readFile(`${target.root}/up-0`, 'utf8').catch(() => null));
      assert.doesNotMatch(env, /current_conf/);
      await target.pm2('delete', 'web');
    }
  });

const SERVES_AS_MODULE = `import { createServer } from 'node:http'; createServer().listen(0, '127.0.0.1');`;

for (const [pm2Package, exec_mode] of KINDS)
  test(`${pm2Package}, ${exec_mode}: what changed over while nobody listened, and is not on record as proven, changes over once more`, async (t) => {
    const target = await startDaemon(t, pm2Package);
    await target.write('package.json', '{ "type": "module" }');
    await target.write('app.js', SERVES_AS_MODULE);
    await target.start({ name: 'web', script: 'app.js', exec_mode, instances: 2, listen_timeout: 500 });
    const old = incarnations(await listProcesses(target.daemon, testSignal()));
    const [first] = old;
    assert.ok(first !== undefined);
    await target.write('app.js', `import './nowhere.js';`);
    await restartUnheard(target, first);
    const { outcome } = await rollRoot(target, { old, health: health({ settleMs: 5_000 }) });
    assert.match(outcome.healthy ? '' : outcome.cause, /^web 0 could not load its code/);

    await target.write('app.js', SERVES_AS_MODULE);
    const proven = await restartUnheard(target, first);
    const rolled = await rollRoot(target, { old, proven: [proven] });
    assert.deepEqual(rolled.outcome, { healthy: true });
    assert.ok(isOneOf(rolled.after.find(({ pmId }) => pmId === first.pmId) ?? assert.fail(), [proven]));
  });

/** As a worker does that dies before it hears anything. */
async function restartUnheard({ daemon }: TestDaemon, { pmId }: Incarnation): Promise<Incarnation> {
  const before = incarnations(await listProcesses(daemon, testSignal()));
  await daemon.call('restartProcessId', [{ id: pmId, env: {} }], { signal: testSignal(), timeoutMs: 10_000 });
  return eventually(async () => {
    const lives = incarnations(await listProcesses(daemon, testSignal()));
    return lives.find((life) => life.pmId === pmId && !before.some(({ pid }) => pid === life.pid)) ?? null;
  });
}
