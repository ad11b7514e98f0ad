import assert from 'node:assert/strict';
import test from 'node:test';
import { dependency } from '../bed/app.js';
import { Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

test('S17: a pin goes down with its dependencies, and unpin goes up again', LIMIT, async (t) => {
  const scene = await Scene.open(t, {
    apps: (port) => [{ name: 'web', port, instances: 2 }],
    packages: [dependency('left', '1.0.0'), dependency('left', '2.0.0')],
  });
  await scene.release('v1.0.0', { dependencies: { left: '1.0.0' } });
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0', { dependencies: { left: '2.0.0' } });
  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.1.0'], ['2.0.0']]);

  await scene.cliMust(['pin', 'v1.0.0']);
  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.0.0'], ['1.0.0']]);
  const pinned = await scene.status();
  assert.deepEqual(
    [pinned.active?.tag, pinned.desired?.tag, pinned.why?.reason],
    ['v1.0.0', 'v1.0.0', 'pinned'],
  );
  assert.notEqual(pinned.pin, null);

  await scene.release('v1.2.0', { dependencies: { left: '2.0.0' } });
  await scene.check();
  await scene.cliMust(['apply']);
  assert.deepEqual(await scene.versions(), ['v1.0.0'], 'a newer tag does not move a pinned machine');

  await scene.cliMust(['unpin']);
  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), await scene.loaded('left')], [['v1.2.0'], ['2.0.0']]);
  assert.equal((await scene.status()).pin, null);

  assert.equal(
    (await scene.cli(['pin', 'v9.9.9'])).code,
    2,
    'nobody can be pinned on a tag that does not exist',
  );
});

test('S17: rollback goes to the previous release and stays there', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0');
  await scene.cliMust(['apply']);
  await scene.cliMust(['rollback']);
  assert.deepEqual(await scene.versions(), ['v1.0.0']);
  await scene.cliMust(['apply']);
  assert.deepEqual(await scene.versions(), ['v1.0.0']);
});

test('S21, S23: status tells what is desired, what runs where, and that a hold is why', LIMIT, async (t) => {
  const scene = await Scene.open(t, {
    apps: (port) => [
      { name: 'web', port, instances: 2 },
      { name: 'pool', port: port + 2, mode: 'cluster', instances: 2 },
    ],
  });
  const old = await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  const fresh = await scene.status();
  assert.deepEqual(
    [fresh.strategy, fresh.channel, fresh.active?.commit, fresh.behind, fresh.phase],
    ['checkout', 'stable', old, false, 'idle'],
  );
  assert.equal(fresh.root, scene.root);

  const commit = await scene.release('v1.1.0');
  await scene.cliMust(['hold', '--reason', 'the fair is on']);
  assert.equal((await scene.cli(['plan'])).code, 3);
  const starts = await scene.machine.starts();
  const refused = await scene.cli(['apply', '--now']);
  assert.notEqual(refused.code, 1, refused.stderr);
  assert.deepEqual(await scene.machine.starts(), starts, '--now never passes a hold');
  assert.equal((await scene.cli(['status'])).code, 3);
  const held = await scene.status();
  assert.deepEqual(
    [held.active?.tag, held.desired, held.behind, held.why?.reason],
    ['v1.0.0', { tag: 'v1.1.0', commit }, true, 'held'],
  );
  assert.match(held.why?.detail ?? '', /the fair is on/);
  await assertProcesses(scene, old);

  await scene.cliMust(['resume']);
  await scene.cliMust(['apply']);
  assert.equal((await scene.cli(['status'])).code, 0);
  const done = await scene.status();
  assert.deepEqual(
    [done.active?.commit, done.desired?.commit, done.behind, done.why],
    [commit, commit, false, null],
  );
  assert.deepEqual(
    [done.lastRun?.from, done.lastRun?.to, done.lastRun?.outcome, done.lastRun?.cause],
    ['v1.0.0', 'v1.1.0', 'activated', null],
  );
  await assertProcesses(scene, commit);

  const people = await scene.cli(['status']);
  assert.match(people.stdout, /v1\.1\.0/);
  assert.ok(!people.stdout.includes('\u001b'), 'piped output has no escapes');
});

async function assertProcesses(scene: Scene, commit: string): Promise<void> {
  const told = (await scene.status()).processes.map(({ pmId, name, pid, status }) => ({
    pmId,
    name,
    pid,
    status,
  }));
  const real = (await scene.machine.processes()).map(({ pmId, name, pid, status }) => ({
    pmId,
    name,
    pid,
    status,
  }));
  assert.deepEqual(told, real);
  assert.deepEqual([...new Set((await scene.status()).processes.map((process) => process.commit))], [commit]);
}
