import assert from 'node:assert/strict';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { dependency, type AppSpec } from '../bed/app.js';
import { processesOf } from '../bed/processes.js';
import { pidsOf, Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

test('a fresh root is filled, started, upgraded and rolled back', LIMIT, async (t) => {
  const scene = await Scene.open(t, {
    apps: (port) => [
      { name: 'web', port, instances: 2 },
      { name: 'pool', port: port + 2, mode: 'cluster', instances: 2 },
    ],
    packages: [dependency('left', '1.0.0'), dependency('left', '2.0.0')],
  });
  const { machine, root, remote } = scene;
  const first = await scene.release('v1.0.0', { dependencies: { left: '1.0.0' } });
  await scene.cliMust(['init', remote.url, '--yes']);

  const refused = await scene.cli(['apply']);
  assert.ok(
    refused.code !== null && refused.code > 1,
    `exit code ${refused.code ?? 'none'}: ${refused.stderr}`,
  );
  assert.match(refused.stderr, /--start-pm2/);
  assert.deepEqual(daemons(scene), [], 'no verb starts a daemon unless told to');

  await scene.cliMust(['apply', '--start-pm2']);
  await scene.everywhere('v1.0.0');
  assert.equal(daemons(scene).length, 1);
  const status = await scene.status();
  assert.deepEqual([status.strategy, status.active?.commit, status.behind], ['releases', first, false]);
  for (const { cwd } of await machine.processes()) assert.equal(cwd, join(root, 'current'));

  const second = await scene.release('v1.1.0', { dependencies: { left: '2.0.0' } });
  const pids = await pidsOf(machine);
  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.1.0'], ['2.0.0']]);
  for (const [pmId, pid] of await pidsOf(machine)) assert.notEqual(pid, pids.get(pmId));
  assert.deepEqual([...new Set((await scene.status()).processes.map(({ commit }) => commit))], [second]);
  const current = await realpath(join(root, 'current'));

  await scene.release('v1.2.0', { variant: 'crashes at start', dependencies: { left: '1.0.0' } });
  assert.equal((await scene.cli(['apply'])).code, 4);
  await scene.everywhere('v1.1.0');
  assert.deepEqual(await scene.loaded('left'), ['2.0.0']);
  assert.equal(await realpath(join(root, 'current')), current);
  assert.deepEqual(
    (await scene.status()).quarantine.map(({ tag }) => tag),
    ['v1.2.0'],
  );

  await scene.cliMust(['rollback']);
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.0.0'], ['1.0.0']]);
});

test(
  'a release without an ecosystem file cannot be started, and the machine says what to write',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    await scene.release('v1.0.0', {}, { 'ecosystem.config.cjs': null });
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    const { code, stderr } = await scene.cli(['apply', '--start-pm2']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /ecosystem\.config\.cjs/);
  },
);

test('a root that names its apps starts these alone, and misses no other', LIMIT, async (t) => {
  const apps = (port: number): AppSpec[] => [
    { name: 'web', port },
    { name: 'api', port: port + 1 },
  ];
  const scene = await Scene.open(t, { apps });
  await scene.release('v1.0.0');
  await scene.cliMust(['init', scene.remote.url, '--yes']);
  await scene.machine.configure({ apps: ['api'] });
  const { code, stderr } = await scene.cli(['apply', '--start-pm2']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /start: api\n/);
  assert.doesNotMatch(stderr, /warning/);
  assert.deepEqual(
    (await scene.machine.processes()).map(({ name }) => name),
    ['api'],
  );
  const record = await stat(join(scene.root, '.pm2-gitops', 'compared.index'));
  assert.equal(record.mode & 0o077, 0, 'what is ours is nobody else’s, whatever git would make of it');
});

test(
  'S33: a release that wants another Node.js is blocked before the switch, with the reason',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    await scene.release('v1.0.0');
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    await scene.cliMust(['apply', '--start-pm2']);
    const current = await realpath(join(scene.root, 'current'));
    const manifest = { name: 'shop', version: '1.1.0', engines: { node: '>=99' } };
    await scene.release('v1.1.0', {}, { 'package.json': JSON.stringify(manifest) });
    const { code, stderr } = await scene.cli(['apply']);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /wants Node\.js >=99, this machine has/);
    assert.equal(await realpath(join(scene.root, 'current')), current);
    const { why, quarantine } = await scene.status();
    assert.deepEqual([why?.reason, quarantine], ['engine', []]);
  },
);

function daemons({ machine }: Scene): string[] {
  const living = processesOf({
    variable: `PM2_GITOPS_BED=${machine.env['PM2_GITOPS_BED'] ?? '?'}`,
    folder: machine.path(),
  });
  return living.filter(({ command }) => command.includes('God Daemon')).map(({ command }) => command);
}
