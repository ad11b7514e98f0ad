import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { dependency } from '../bed/app.js';
import { environmentOf } from '../bed/processes.js';
import { pidsOf, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };
const LEFT = [dependency('left', '1.0.0'), dependency('left', '2.0.0')];

test('S1: ten processes trigger at once, and there is one run', LIMIT, async (t) => {
  const scene = await Scene.open(t, {
    apps: (port) => [{ name: 'web', port, instances: 10 }],
    packages: LEFT,
  });
  const { machine, remote } = scene;
  await scene.release('v1.0.0', { dependencies: { left: '1.0.0' } });
  await scene.adopt('v1.0.0');
  const commit = await scene.release('v1.1.0', { dependencies: { left: '2.0.0' } });
  const before = { ...remote.counts, installs: (await machine.tool('npm').calls(/./)).length };

  const outcomes = await Promise.all(Array.from({ length: 10 }, () => scene.cli(['apply'])));
  await waitFor('the worker to end', async () => {
    const { worker, active } = await scene.glance();
    return worker === null && active?.tag === 'v1.1.0';
  });
  const status = await scene.status();

  assert.ok(
    outcomes.some(({ code }) => code === 0),
    JSON.stringify(outcomes),
  );
  assert.deepEqual(
    outcomes.filter(({ code }) => code !== 0 && code !== 75),
    [],
  );
  assert.deepEqual(
    [status.active?.commit, status.behind, status.phase, status.lastRun?.outcome],
    [commit, false, 'idle', 'activated'],
  );
  assert.equal((await readdir(join(scene.root, '.pm2-gitops', 'runs'))).length, 1, 'one run');
  assert.equal(remote.counts.fetch - before.fetch, 1, 'one fetch');
  assert.equal(
    (await machine.tool('npm').calls(/\b(ci|install)\b/)).length - before.installs,
    1,
    'one install',
  );
  const ids = (await machine.processes()).map(({ pmId }) => `web#${pmId}`).sort();
  assert.deepEqual(await scene.startsOf('v1.1.0'), ids, 'each process was started exactly once');
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.1.0'], ['2.0.0']]);
  assert.deepEqual([...new Set(status.processes.map((process) => process.commit))], [commit]);
});

test('S4, S5: neither a package.json that lags nor an unchanged lockfile makes work', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }], packages: LEFT });
  await scene.release('v1.0.0', { dependencies: { left: '1.0.0' } });
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0', { dependencies: { left: '1.0.0' } });
  const npm = scene.machine.tool('npm');
  const before = (await npm.calls(/\b(ci|install)\b/)).length;

  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.1.0'], ['1.0.0']]);
  assert.equal((await npm.calls(/\b(ci|install)\b/)).length, before, 'the dependencies were there already');

  const starts = await scene.machine.starts();
  await scene.cliMust(['apply']);
  assert.equal((await scene.cli(['status'])).code, 0);
  // What scenes read by themselves is what people and programs are told; the next turn may have come in between.
  const [told, read, glanced] = [
    await scene.machine.statusByCli(),
    await scene.status(),
    await scene.glance(),
  ];
  assert.deepEqual({ ...told, nextPoll: null }, { ...read, nextPoll: null });
  const { phase, active, worker } = told;
  assert.deepEqual([glanced.phase, glanced.active?.commit, glanced.worker], [phase, active?.commit, worker]);
  assert.deepEqual(await scene.machine.starts(), starts, 'converged: a second apply does nothing');
});

test(
  'S7, S36: an upgrade touches neither another root nor the environment of its own processes',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'web', port, instances: 2, extra: { env: { PORT: port, SECRET: 'kept' } } },
        {
          name: 'pool',
          port: port + 2,
          instances: 2,
          mode: 'cluster',
          extra: { env: { PORT: port + 2, SECRET: 'kept too' } },
        },
      ],
    });
    const { machine } = scene;
    const other = await Scene.open(t, {
      apps: (port) => [{ name: 'other', port, instances: 2 }],
      machine,
      root: machine.path('other'),
    });
    await scene.release('v1.0.0');
    await other.release('v1.0.0');
    await scene.adopt('v1.0.0');
    await other.adopt('v1.0.0');
    await scene.release('v1.1.0');
    await other.release('v1.1.0');
    const volatile = await changedByPlainRestart(scene);
    const [pids, environments] = [await pidsOf(machine), await environmentsOf(scene)];

    const { code } = await scene.cli(['apply'], {
      env: { SECRET: 'of the operator', OPERATOR: 'yes', name: 'operator' },
    });
    assert.equal(code, 0);

    assert.deepEqual(await scene.versions(), ['v1.1.0']);
    for (const { pmId, name, pid } of await machine.processes()) {
      if (name === 'other') assert.equal(pid, pids.get(pmId), 'a pid of the other root');
      else assert.notEqual(pid, pids.get(pmId), `${name}#${pmId} was restarted`);
    }
    for (const [pmId, environment] of await environmentsOf(scene)) {
      const plain = (variables: ReadonlyMap<string, string>): object =>
        Object.fromEntries([...variables].filter(([name]) => !volatile.has(name)).sort());
      assert.deepEqual(
        plain(environment),
        plain(environments.get(pmId) ?? new Map()),
        `environment of #${pmId}`,
      );
    }
    const status = await other.status();
    assert.deepEqual(
      [status.active?.tag, status.processes.map(({ name }) => name)],
      ['v1.0.0', ['other', 'other']],
    );
  },
);

async function environmentsOf(scene: Scene): Promise<ReadonlyMap<number, ReadonlyMap<string, string>>> {
  const processes = (await scene.machine.processes()).filter(({ name }) => name !== 'other');
  return new Map(processes.map(({ pmId, pid }) => [pmId, environmentOf(pid)]));
}

/** Variables that pm2 itself changes at each restart: counters, moments, ids. */
async function changedByPlainRestart(scene: Scene): Promise<ReadonlySet<string>> {
  const before = await environmentsOf(scene);
  await scene.machine.pm2(['restart', 'web', 'pool']);
  await scene.everywhere('v1.0.0');
  const after = await environmentsOf(scene);
  const changed = new Set<string>(['pm2_env']); // a cluster worker's copy of all of them in one text
  for (const [pmId, variables] of after) {
    for (const [name, value] of variables) if (before.get(pmId)?.get(name) !== value) changed.add(name);
  }
  return changed;
}
