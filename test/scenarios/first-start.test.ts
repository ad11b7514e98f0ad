import assert from 'node:assert/strict';
import test from 'node:test';
import { QUICK, Scene } from '../bed/scene.js';

const LIMIT = { timeout: 120_000 };

/** A release whose only program is an ES module. */
function moduleRelease(program: string): Record<string, string> {
  const apps = [
    { name: 'fork', script: 'app.mjs' },
    { name: 'cluster', script: 'app.mjs', exec_mode: 'cluster', instances: 2 },
  ];
  const ecosystem = `module.exports = ${JSON.stringify({ apps, gitops: QUICK })};\n`;
  return { 'app.mjs': program, 'ecosystem.config.cjs': ecosystem };
}

test(
  'a first release that cannot load its code is not taken for healthy, and the next one starts',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: () => [] });
    await scene.release('v1.0.0', {}, moduleRelease("throw new Error('cannot load');\n"));
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    const { code, stderr } = await scene.cli(['apply', '--start-pm2']);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /cannot load/);
    assert.deepEqual(await scene.machine.processes(), [], 'nothing of it is left in pm2');
    const failed = await scene.status();
    assert.deepEqual([failed.active, failed.phase, failed.why?.reason], [null, 'idle', 'quarantined']);

    await scene.release('v1.0.1', {}, moduleRelease('setInterval(() => {}, 1_000);\n'));
    await scene.cliMust(['apply']);
    const { active, processes } = await scene.status();
    assert.deepEqual([active?.tag, processes.length], ['v1.0.1', 3]);
  },
);

test('stuck: the way back failed too; retry tries it again once the machine is mended', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
  const { machine } = scene;
  // A probe of the machine, not of the release: while the file lies there, nothing is healthy.
  const health = { ...QUICK.health, timeout: '1s', command: 'test ! -e "$HOME/broken"' };
  await scene.release('v1.0.0', { gitops: { health } });
  await scene.cliMust(['init', scene.remote.url, '--yes']);
  await scene.cliMust(['apply', '--start-pm2']);
  await machine.exec('touch', ['broken'], { cwd: machine.home });
  await scene.release('v1.1.0', { gitops: { health } });
  assert.equal((await scene.cli(['apply'])).code, 5);
  const stuck = await scene.status();
  assert.deepEqual([stuck.phase, stuck.why?.reason, stuck.active?.tag], ['stuck', 'stuck', 'v1.0.0']);
  const starts = await machine.starts();
  await scene.check(3);
  assert.deepEqual(await machine.starts(), starts, 'no loop');

  await machine.exec('rm', ['broken'], { cwd: machine.home });
  await scene.cliMust(['retry']);
  assert.equal((await scene.cli(['apply'])).code, 4, 'it goes back: the release stays in quarantine');
  await scene.everywhere('v1.0.0');
  const mended = await scene.status();
  assert.deepEqual([mended.phase, mended.why?.reason], ['idle', 'quarantined']);
});

test('a hook that says "not now" leaves the release staged, and it is asked again', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  const hooks = { beforeActivate: 'test -e "$GITOPS_ROOT/now" || exit 75' };
  await scene.release('v1.0.0');
  await scene.cliMust(['init', scene.remote.url, '--yes']);
  await scene.cliMust(['apply', '--start-pm2']);
  await scene.release('v1.1.0', { gitops: { ...QUICK, hooks } });
  assert.equal((await scene.cli(['apply'])).code, 3);
  const waiting = await scene.status();
  assert.deepEqual(
    [waiting.staged?.tag, waiting.active?.tag, waiting.lastRun?.outcome, waiting.why?.reason],
    ['v1.1.0', 'v1.0.0', 'blocked', 'backoff'],
  );
  await scene.machine.exec('touch', ['now'], { cwd: scene.root });
  await scene.cliMust(['apply']);
  await scene.everywhere('v1.1.0');
});
