import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { QUICK, Scene, type Change } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 240_000 };
type Spot = 'afterStage' | 'beforeActivate' | 'proving';

/** A release whose run pauses at a spot for as long as a file lies in the machine's home. */
function pausing({ machine }: Scene, spot: Spot): Change {
  const [wait, here] = [join(machine.home, 'wait'), join(machine.home, `at-${spot}`)];
  const pause = `touch ${here}; while test -e ${wait}; do sleep 0.05; done`;
  if (spot !== 'proving') return { gitops: { ...QUICK, hooks: { [spot]: pause } } };
  const health = { ...QUICK.health, timeout: '60s', command: `touch ${here}; ! test -e ${wait}` };
  return { gitops: { health } };
}

/** Has a poll begin a run that pauses, does something meanwhile, has a poll see it, and lets the run go on to its end. */
async function meanwhile(scene: Scene, spot: Spot, act: () => Promise<unknown>): Promise<void> {
  const { machine } = scene;
  const [wait, here] = [join(machine.home, 'wait'), join(machine.home, `at-${spot}`)];
  await rm(here, { force: true });
  await writeFile(wait, '');
  await scene.check();
  await waitFor(`the run at ${spot}`, () => existsSync(here));
  await act();
  await scene.check();
  await rm(wait);
  await waitFor('the end of the run', async () => (await scene.glance()).worker === null);
}

test(
  'a tag that moves or goes while its release is on the way: what was decided is what is built',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine, remote } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const moveTo = async (tag: string, version: string): Promise<void> => {
      await scene.release(version);
      await remote.moveTag(tag, 'refs/heads/main');
      await remote.deleteTag(version);
    };

    await t.test('moved between the decision and the download', async () => {
      const decided = await scene.release('v1.1.0');
      await machine
        .tool('git')
        .fault({ when: '*--no-write-fetch-head*', says: 'fatal: early EOF', code: 128 });
      assert.equal((await scene.cli(['apply'])).code, 4);
      await machine.tool('git').fault(null);
      await moveTo('v1.1.0', 'v1.1.0-other');
      await scene.cliMust(['apply']);
      assert.deepEqual([await scene.versions(), await activeOf(scene)], [['v1.1.0'], decided]);
      for (const verb of ['status', 'doctor'])
        assert.match(
          (await scene.cli([verb])).stdout,
          /v1\.1\.0 moved from [0-9a-f]{7} to [0-9a-f]{7}/,
          verb,
        );
    });

    await t.test('moved while it is staged', async () => {
      const decided = await scene.release('v1.2.0', pausing(scene, 'afterStage'));
      await meanwhile(scene, 'afterStage', () => moveTo('v1.2.0', 'v1.2.0-other'));
      assert.deepEqual([await scene.versions(), await activeOf(scene)], [['v1.2.0'], decided]);
    });

    await t.test('moved just before the switch', async () => {
      const decided = await scene.release('v1.3.0', pausing(scene, 'beforeActivate'));
      await meanwhile(scene, 'beforeActivate', () => moveTo('v1.3.0', 'v1.3.0-other'));
      assert.deepEqual([await scene.versions(), await activeOf(scene)], [['v1.3.0'], decided]);
    });

    await t.test('deleted while it is proven, and after: it stays', async () => {
      const decided = await scene.release('v1.4.0', pausing(scene, 'proving'));
      await meanwhile(scene, 'proving', () => remote.deleteTag('v1.4.0'));
      await scene.check(2);
      assert.deepEqual([await scene.versions(), await activeOf(scene)], [['v1.4.0'], decided]);
    });

    for (const [spot, tag] of [
      ['afterStage', 'v1.5.0'],
      ['beforeActivate', 'v1.6.0'],
    ] as const) {
      await t.test(`deleted at ${spot}: it is not activated`, async () => {
        const starts = await machine.starts();
        await scene.release(tag, pausing(scene, spot));
        await meanwhile(scene, spot, () => remote.deleteTag(tag));
        await scene.check();
        await waitFor('rest', async () => (await scene.glance()).phase === 'idle');
        const { active, quarantine, lastRun } = await scene.status();
        assert.deepEqual([active?.tag, quarantine, lastRun?.outcome], ['v1.4.0', [], 'blocked']);
        assert.deepEqual(await machine.starts(), starts);
      });
    }
  },
);

test('an order that comes while a release is on the way is obeyed at the switch', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');

  for (const [spot, tag, before] of [
    ['afterStage', 'v1.1.0', 'v1.0.0'],
    ['beforeActivate', 'v1.2.0', 'v1.1.0'],
  ] as const) {
    await t.test(`a hold at ${spot}`, async () => {
      const starts = await scene.machine.starts();
      await scene.release(tag, pausing(scene, spot));
      await meanwhile(scene, spot, () => scene.cliMust(['hold', '--reason', 'the fair is on']));
      const held = await scene.status();
      assert.deepEqual(
        [held.active?.tag, held.phase, held.staged?.tag, held.why?.reason],
        [before, 'staged', tag, 'held'],
      );
      assert.deepEqual(await scene.machine.starts(), starts);
      await scene.cliMust(['resume']);
      await scene.cliMust(['apply']);
      assert.deepEqual(await scene.versions(), [tag]);
    });
  }

  await t.test('a pin at beforeActivate', async () => {
    const starts = await scene.machine.starts();
    await scene.release('v1.3.0', pausing(scene, 'beforeActivate'));
    await meanwhile(scene, 'beforeActivate', () => scene.cliMust(['pin', 'v1.2.0']));
    await scene.check();
    assert.deepEqual((await scene.status()).active?.tag, 'v1.2.0');
    assert.deepEqual(await scene.machine.starts(), starts);
    await scene.cliMust(['unpin']);
    await scene.cliMust(['apply']);
    assert.deepEqual(await scene.versions(), ['v1.3.0']);
  });
});

test(
  'tags that move while older releases are pruned: the active and the previous one stay as they are',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine, remote, root } = scene;
    await scene.cliMust(['init', remote.url, '--yes']);
    await machine.configure({ keep: 2 });
    const oldest = await scene.release('v1.0.0');
    await scene.cliMust(['apply', '--start-pm2']);
    const previous = await scene.release('v1.1.0');
    await scene.cliMust(['apply']);
    const active = await scene.release('v1.2.0');

    const [wait, here] = [join(machine.home, 'wait'), join(machine.home, 'at-prune')];
    await writeFile(wait, '');
    const pause = `touch ${here}; while test -e ${wait}; do sleep 0.05; done`;
    await machine.tool('git').fault({ when: '*for-each-ref*refs/gitops/releases/*', first: pause });
    const applied = scene.cliMust(['apply']);
    await waitFor('the prune', () => existsSync(here));
    // The pruned one is now what was the active one, and the other way round.
    await remote.moveTag('v1.0.0', active);
    for (const tag of ['v1.1.0', 'v1.2.0']) await remote.moveTag(tag, oldest);
    await scene.check();
    await rm(wait);
    await applied;
    await machine.tool('git').fault(null);

    assert.deepEqual(await readdir(join(root, 'releases')), [
      `v1.1.0-${previous.slice(0, 7)}`,
      `v1.2.0-${active.slice(0, 7)}`,
    ]);
    const starts = await machine.starts();
    await scene.check(2);
    assert.deepEqual(
      [await scene.versions(), await activeOf(scene), await machine.starts()],
      [['v1.2.0'], active, starts],
    );
    await scene.cliMust(['rollback']);
    assert.deepEqual([await scene.versions(), await activeOf(scene)], [['v1.1.0'], previous]);
  },
);

async function activeOf(scene: Scene): Promise<string | undefined> {
  return (await scene.status()).active?.commit;
}
