import assert from 'node:assert/strict';
import test from 'node:test';
import type { Machine } from '../bed/machine.js';
import { Scene, pidsOf } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 240_000 };

test(
  'fifty processes: one upgrade restarts each once, and a release that crashes at its start costs exactly one',
  LIMIT,
  async (t) => {
    const apps = (port: number) => [{ name: 'crowd', port, instances: 50 }];
    const scene = await Scene.open(t, { apps });
    const { machine } = scene;
    const light = { variant: 'never listens' } as const;
    await scene.release('v1.0.0', light);
    await machine.deploy(scene.remote, 'v1.0.0');
    await waitFor('fifty starts', async () => (await scene.startsOf('v1.0.0')).length === 50);
    await scene.cliMust(['init', '--yes']);

    await scene.release('v1.1.0', light);
    await scene.cliMust(['apply']);
    const starts = await scene.startsOf('v1.1.0');
    assert.deepEqual([starts.length, new Set(starts).size], [50, 50]);
    const living = await machine.processes();
    assert.deepEqual([...new Set(living.map(({ status }) => status))], ['online']);

    const before = await pidsOf(machine);
    await scene.release('v1.2.0', { variant: 'crashes at start' });
    assert.equal((await scene.cli(['apply'])).code, 4);
    const after = await pidsOf(machine);
    const changed = [...before].filter(([pmId, pid]) => after.get(pmId) !== pid);
    assert.deepEqual([before.size, after.size, changed.length], [50, 50, 1]);
    const { active, processes, quarantine } = await scene.status();
    assert.deepEqual([active?.tag, quarantine.map(({ tag }) => tag)], ['v1.1.0', ['v1.2.0']]);
    assert.deepEqual([...new Set(processes.map(({ commit }) => commit))], [active?.commit]);
  },
);

test(
  'apps that do not do as pm2 asks: neither costs a release its success, and none is left behind',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'stubborn', port, extra: { kill_timeout: 3_000, wait_ready: true } },
        { name: 'silent', port: port + 1, extra: { wait_ready: true, listen_timeout: 1_200 } },
        { name: 'pool', port: port + 2, mode: 'cluster', extra: { wait_ready: true, listen_timeout: 1_200 } },
      ],
    });
    // It ignores SIGINT, and says "ready" to nobody.
    const preamble = [
      "process.on('SIGINT', () => undefined);",
      "const { on } = process; process.on = function (name, listener) { return name === 'SIGINT' ? this : on.call(this, name, listener); };",
      "if (process.env.name !== 'stubborn') { const { send } = process; process.send = function (message, ...rest) { return message === 'ready' || send.call(this, message, ...rest); }; }",
    ].join('\n');
    await scene.release('v1.0.0', { preamble });
    await scene.adopt('v1.0.0');
    const before = await pidsOf(scene.machine);
    await scene.release('v1.1.0', { preamble });
    const { code, stderr } = await scene.cli(['apply']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(await scene.versions(), ['v1.1.0']);
    for (const name of ['silent 1', 'pool 2'])
      assert.match(
        stderr,
        new RegExp(`warning: ${name} has wait_ready and did not say "ready" within 1.2 s`),
      );
    assert.doesNotMatch(stderr, /warning: stubborn/);
    assert.deepEqual((await scene.startsOf('v1.1.0')).length, 3);
    for (const pid of before.values()) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  },
);

test(
  'somebody who restarts an app again and again beside the roll: no mixture, no operator, and one release once it ends',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 3 }] });
    const { machine } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    await scene.release('v1.1.0');
    const isOver = new AbortController();
    const restarting = restartAll(machine, isOver.signal);
    const { code, stderr } = await scene.cli(['apply']);
    isOver.abort();
    assert.ok((await restarting) > 0);
    assert.ok(code !== null && [0, 3, 4].includes(code), `ended with ${code ?? 'a kill'}: ${stderr}`);
    await waitFor('rest', async () => {
      const { worker, phase } = await scene.glance();
      if (worker === null && phase !== 'idle') await scene.check();
      return worker === null && phase === 'idle';
    });
    const { active, processes, quarantine } = await scene.status();
    await scene.everywhere(active?.tag ?? '?');
    assert.deepEqual(
      processes.map(({ status }) => status),
      ['online', 'online', 'online'],
    );
    assert.deepEqual([...new Set(processes.map(({ commit }) => commit))], [active?.commit]);
    assert.equal(quarantine.length, active?.tag === 'v1.1.0' ? 0 : 1);
  },
);

/** How many times pm2 restarted all of it until the signal. */
async function restartAll(machine: Machine, signal: AbortSignal): Promise<number> {
  let times = 0;
  for (; !signal.aborted; times += 1) await machine.pm2(['restart', 'web']);
  return times;
}
