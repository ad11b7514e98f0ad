import assert from 'node:assert/strict';
import test from 'node:test';
import { askApp } from '../bed/machine.js';
import { dependency } from '../bed/app.js';
import { waitFor } from '../bed/wait.js';
import { QUICK, Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

test(
  'S9: after a release that crashes at start the old code and dependencies serve, and the next tag applies',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'web', port, instances: 3 },
        { name: 'pool', port: port + 3, mode: 'cluster', instances: 2 },
      ],
      packages: [dependency('left', '1.0.0'), dependency('left', '2.0.0')],
    });
    const { remote, machine } = scene;
    const good = await scene.release('v1.0.0', { dependencies: { left: '1.0.0' } });
    await scene.adopt('v1.0.0');
    const bad = await scene.release('v1.1.0', {
      variant: 'crashes at start',
      dependencies: { left: '2.0.0' },
    });

    const failed = await scene.cli(['apply']);
    assert.equal(failed.code, 4, failed.stderr);
    await scene.everywhere('v1.0.0');
    assert.deepEqual(await scene.loaded('left'), ['1.0.0']);
    const status = await scene.status();
    assert.deepEqual([status.active?.commit, status.desired?.commit, status.behind], [good, bad, true]);
    assert.deepEqual(
      [status.lastRun?.outcome, status.lastRun?.to, status.why?.reason],
      ['rolledBack', 'v1.1.0', 'quarantined'],
    );
    assert.deepEqual(
      status.quarantine.map(({ commit }) => commit),
      [bad],
    );
    assert.deepEqual([...new Set(status.processes.map(({ commit }) => commit))], [good]);

    const [fetches, starts] = [remote.counts.fetch, await machine.starts()];
    await scene.check(10);
    assert.deepEqual(
      [remote.counts.fetch, await machine.starts()],
      [fetches, starts],
      'ten polls do nothing',
    );
    assert.equal((await scene.status()).lastRun?.id, status.lastRun?.id);

    await scene.release('v1.1.1', { dependencies: { left: '2.0.0' } });
    await scene.cliMust(['apply']);
    assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.1.1'], ['2.0.0']]);
  },
);

test(
  'S10: an old process that still answers on the port does not prove the new release',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [{ name: 'web', port, extra: { treekill: false } }],
    });
    const left = scene.port + 9;
    await scene.release('v1.0.0', { variant: 'leaves a child that serves' });
    await scene.adopt('v1.0.0');
    assert.equal((await askApp(left))?.version, 'v1.0.0');
    const gitops = { health: { ...QUICK.health, timeout: '3s', url: `http://127.0.0.1:${left}/version` } };
    await scene.release('v1.1.0', { variant: 'never listens', gitops });

    const { code, stderr } = await scene.cli(['apply']);
    assert.equal(code, 4, stderr);
    assert.equal((await askApp(left))?.version, 'v1.0.0', 'the probe had an answer all the time');
    await scene.everywhere('v1.0.0');
    assert.equal((await scene.status()).lastRun?.outcome, 'rolledBack');
  },
);

test('releases that fail, one after the other, on a machine of ten processes', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 10 }] });
  const failed = async (): Promise<string[]> => (await scene.status()).quarantine.map(({ tag }) => tag);
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');

  await t.test('S11: a crash within the settle time rolls back', async () => {
    const gitops = { health: { settle: '3s' } };
    await scene.release('v1.1.0', { variant: { crashesAfterMs: 1_500 }, gitops });
    assert.equal((await scene.cli(['apply'])).code, 4);
    await scene.everywhere('v1.0.0');
    assert.deepEqual(await failed(), ['v1.1.0']);
  });

  await t.test('S14: where some of the processes fail, none stays on the new release', async () => {
    const limp = "if (Number(process.env.NODE_APP_INSTANCE) > 6) throw new Error('three of ten fail');\n";
    await scene.release('v1.2.0', { preamble: limp, gitops: { ...QUICK, restart: { batch: 4 } } });
    assert.equal((await scene.cli(['apply'])).code, 4);
    await scene.everywhere('v1.0.0');
    assert.deepEqual(await scene.versions(), ['v1.0.0']);
    assert.deepEqual(await failed(), ['v1.1.0', 'v1.2.0']);
  });
});

test('what was dead before a run does not stand in the way back', LIMIT, async (t) => {
  const scene = await Scene.open(t, {
    apps: (port) => [
      { name: 'web', port },
      { name: 'dead', port: port + 5, extra: { env: { PORT: port + 5, DEAD: '1' }, max_restarts: 2 } },
    ],
  });
  const dies = "throw new Error('dead all along');\n";
  const preamble = `if (process.env.DEAD) ${dies}`;
  // On a busy machine half a second is over before its code begins.
  const gitops = { health: { settle: '3s' }, restart: { first: 2 } };
  await scene.release('v1.0.0', { preamble, gitops });
  await scene.machine.deploy(scene.remote, 'v1.0.0');
  await scene.cliMust(['init', '--yes']);
  await waitFor('pm2 to give the dead one up', async () =>
    (await scene.machine.processes()).some(({ name, status }) => name === 'dead' && status === 'errored'),
  );
  await scene.release('v1.1.0', { preamble, gitops });
  const { code, stderr } = await scene.cli(['apply']);
  assert.equal(code, 4, stderr);
  const status = await scene.status();
  const rested = ['idle', 'rolledBack', 'v1.0.0'];
  assert.deepEqual([status.phase, status.lastRun?.outcome, status.active?.tag], rested);

  await t.test('nor if the failed release had brought it to life', async () => {
    const limp = 'if (!process.env.DEAD) setTimeout(() => process.exit(1), 1_000);\n';
    await scene.release('v1.2.0', { preamble: limp, gitops });
    const failed = await scene.cli(['apply']);
    assert.equal(failed.code, 4, failed.stderr);
    const { phase, lastRun, active } = await scene.status();
    assert.deepEqual([phase, lastRun?.outcome, active?.tag], rested);
    assert.equal((await askApp(scene.port))?.version, 'v1.0.0');
    assert.equal(await askApp(scene.port + 5), null, 'it is as dead as it was');
  });
});

test('S15: a release that says `rollback: never` stays though it fails, and says so', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  const health = { ...QUICK.health, timeout: '1s', command: 'exit 1' };
  const commit = await scene.release('v1.1.0', { gitops: { health, rollback: 'never' } });
  const { code } = await scene.cli(['apply']);
  assert.equal(code, 4);
  assert.deepEqual(await scene.versions(), ['v1.1.0']);
  const status = await scene.status();
  assert.deepEqual(
    [status.behind, status.desired?.commit, status.lastRun?.outcome],
    [true, commit, 'failed'],
  );
  assert.deepEqual(
    status.processes.map((process) => process.commit),
    [commit],
    'what really runs',
  );
  const starts = await scene.machine.starts();
  await scene.check(3);
  assert.deepEqual(await scene.machine.starts(), starts);
});

test('S16: a restart that cannot be done is never a success', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');

  await t.test('the script that pm2 runs is gone from the release', async () => {
    await scene.release('v1.1.0', {}, { 'server.cjs': null });
    const { code, stderr } = await scene.cli(['apply']);
    assert.equal(code, 4, stderr);
    await scene.everywhere('v1.0.0');
  });

  await t.test('the daemon dies before the restart', async () => {
    const gitops = { ...QUICK, hooks: { beforeActivate: 'kill -9 $(cat $PM2_HOME/pm2.pid)' } };
    await scene.release('v1.2.0', { gitops });
    const { code, stderr } = await scene.cli(['apply']);
    assert.ok(code !== 0 && code !== 1 && code !== null, `exit code ${code ?? 'none'}: ${stderr}`);
    const status = await scene.status();
    assert.notEqual(status.lastRun?.outcome, 'activated');
    assert.equal(status.active?.tag, 'v1.0.0');
    assert.deepEqual(await daemons(scene), [], 'nobody started another daemon');
  });
});

async function daemons(scene: Scene): Promise<string[]> {
  const all = await scene.machine.exec('ps', ['-e', '-o', 'args='], {});
  return all.stdout
    .split('\n')
    .filter((line) => line.includes('God Daemon') && line.includes(scene.machine.pm2Home));
}
