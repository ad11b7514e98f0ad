import assert from 'node:assert/strict';
import { readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { askApp } from '../bed/machine.js';
import { pidsOf, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };

/** A root of release folders at v1.1.0, with v1.0.0 beside it. */
async function twoReleases(scene: Scene): Promise<{ old: string; now: string }> {
  await scene.release('v1.0.0');
  await scene.cliMust(['init', scene.remote.url, '--yes']);
  await scene.cliMust(['apply', '--start-pm2']);
  const old = await readlink(join(scene.root, 'current'));
  await scene.release('v1.1.0');
  await scene.cliMust(['apply']);
  return { old, now: await readlink(join(scene.root, 'current')) };
}

/** Polls as an embedding app does, and waits for the run that it leads to. */
async function repaired(scene: Scene): Promise<void> {
  const before = (await scene.status()).lastRun?.id;
  await scene.check();
  await waitFor('the repair', async () => {
    const { lastRun, worker } = await scene.status();
    return worker === null && lastRun?.id !== before;
  });
}

test(
  'a moved current and what was started from it are put right by the next poll, once',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
    const { machine, root, port } = scene;
    const { old, now } = await twoReleases(scene);
    const current = join(root, 'current');
    assert.deepEqual((await scene.status()).drift, []);

    await rm(current);
    await symlink(old, current);
    await machine.pm2(['restart', '1']);
    await waitFor('the old code', async () => (await askApp(port + 1))?.version === 'v1.0.0');
    const pids = await pidsOf(machine);
    const seen = await scene.status();
    assert.deepEqual(
      seen.drift.map(({ kind, repair }) => [kind, repair]),
      [
        ['pointer', 'poll'],
        ['process', 'poll'],
      ],
    );
    assert.match(seen.drift[0]?.detail ?? '', /current names releases\/v1\.0\.0-\w{7}, not v1\.1\.0/);
    assert.notEqual(seen.processes[1]?.commit, seen.active?.commit);
    assert.equal((await scene.cli(['plan'])).code, 3);

    await repaired(scene);
    assert.equal(await readlink(current), now);
    await scene.everywhere('v1.1.0');
    assert.equal(
      (await pidsOf(machine)).get(0),
      pids.get(0),
      'what ran the active release was not restarted',
    );
    const { lastRun, drift, behind } = await scene.status();
    assert.deepEqual([lastRun?.outcome, lastRun?.from, lastRun?.to], ['activated', 'v1.1.0', 'v1.1.0']);
    assert.match(lastRun?.cause ?? '', /current names .*; web 1 runs/);
    assert.deepEqual([drift, behind], [[], false]);
    assert.match(await scene.cliMust(['history']), /drift/);

    await rm(current);
    await symlink(old, current);
    await scene.check();
    const waiting = await scene.status();
    assert.deepEqual(
      waiting.drift.map(({ kind, repair }) => [kind, repair]),
      [['pointer', 'later']],
    );
    assert.equal(waiting.lastRun?.id, lastRun?.id, 'who moves it again means it');
    await scene.cliMust(['hold']);
    assert.equal((await scene.cli(['apply'])).code, 0);
    assert.equal(await readlink(current), old, 'held: nothing is repaired');
    await scene.cliMust(['resume']);
    await scene.cliMust(['apply']);
    assert.equal(await readlink(current), now, 'a person asked');
  },
);
