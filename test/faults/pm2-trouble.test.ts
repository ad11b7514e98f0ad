import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ONLY_LONG } from '../bed/budget.js';
import { endProcesses, processesOf } from '../bed/processes.js';
import { QUICK, Scene, type Change } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 240_000 };
type Spot = 'afterStage' | 'beforeActivate' | 'proving';

/** A release whose run pauses at a spot, and the way back to it where it is proven, for as long as the spot's file lies in the machine's home. */
function pausing({ machine }: Scene, spot: Spot): Change {
  const [wait, here] = [join(machine.home, `wait-${spot}`), join(machine.home, `at-${spot}`)];
  if (spot !== 'proving')
    return {
      gitops: { ...QUICK, hooks: { [spot]: `touch ${here}; while test -e ${wait}; do sleep 0.05; done` } },
    };
  const command = `touch ${here}; ! test -e ${wait}`;
  return { gitops: { health: { ...QUICK.health, timeout: '90s', command } } };
}

/** Has a poll begin a run that pauses at a spot, does something to pm2 meanwhile, and has polls go on to the rest. */
async function meanwhile(scene: Scene, spot: Spot, act: () => Promise<unknown>): Promise<void> {
  const [wait, here] = [join(scene.machine.home, `wait-${spot}`), join(scene.machine.home, `at-${spot}`)];
  await rm(here, { force: true });
  await writeFile(wait, '');
  await scene.check();
  await waitFor(`the run at ${spot}`, () => existsSync(here));
  await act();
  await rm(wait);
  await waitFor('rest', async () => {
    const { worker, phase } = await scene.glance();
    if (worker === null && phase !== 'idle') await scene.check();
    return worker === null && phase === 'idle';
  });
}

async function killAndResurrect({ machine }: Scene): Promise<void> {
  await machine.pm2(['kill']);
  await machine.pm2(['resurrect']);
}

/** Everything is there once and runs the active release, and that is what is told. */
async function assertServes(scene: Scene, tag: string): Promise<void> {
  await scene.everywhere(tag);
  const { active, processes, phase, drift } = await scene.status();
  assert.deepEqual([active?.tag, phase, drift], [tag, 'idle', []]);
  assert.equal(processes.length, scene.ports().length);
  assert.deepEqual([...new Set(processes.map(({ commit }) => commit))], [active?.commit]);
  assert.deepEqual([...new Set(processes.map(({ status }) => status))], ['online']);
}

test(
  'S38: pm2 kill and resurrect before, at each step of, and after a run: all return on one release',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'web', port, instances: 2 },
        { name: 'pool', port: port + 2, mode: 'cluster' },
      ],
    });
    const { machine } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    await machine.pm2(['save']);

    await t.test('before', async () => {
      await scene.release('v1.1.0');
      await machine.pm2(['kill']);
      const { code, stderr } = await scene.cli(['apply']);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /pm2/);
      await machine.pm2(['resurrect']);
      await scene.cliMust(['apply']);
      await assertServes(scene, 'v1.1.0');
      assert.equal((await scene.status()).lastRun?.outcome, 'activated');
    });

    for (const [spot, tag] of [
      ['afterStage', 'v1.2.0'],
      ['beforeActivate', 'v1.3.0'],
      ['proving', 'v1.4.0'],
    ] as const)
      await t.test(`at ${spot}`, { skip: spot === 'afterStage' ? ONLY_LONG : false }, async () => {
        await scene.release(tag, pausing(scene, spot));
        await meanwhile(scene, spot, () => killAndResurrect(scene));
        assert.deepEqual(await ended(scene), [[], 'activated']);
        await assertServes(scene, tag);
      });

    await t.test('at the way back', async () => {
      const health = { ...QUICK.health, timeout: '1s', command: 'exit 1' };
      await scene.release('v1.5.0', { gitops: { health } });
      await meanwhile(scene, 'proving', () => killAndResurrect(scene));
      assert.deepEqual(await ended(scene), [['v1.5.0'], 'rolledBack']);
      await assertServes(scene, 'v1.4.0');
    });

    await t.test('after, and the saved list is that of the release', async () => {
      await scene.release('v1.7.0');
      await scene.cliMust(['apply']);
      await killAndResurrect(scene);
      await assertServes(scene, 'v1.7.0');
      const before = await machine.starts();
      await scene.check(2);
      await assertServes(scene, 'v1.7.0');
      assert.deepEqual(await machine.starts(), before, 'nothing is repaired that is whole');
    });

    await t.test(
      'the daemon is killed with all that it runs, and resurrected, while a release is proven',
      async () => {
        await scene.release('v1.8.0', pausing(scene, 'proving'));
        await meanwhile(scene, 'proving', async () => {
          process.kill(await daemonOf(scene), 'SIGKILL');
          await endApps(scene);
          await machine.pm2(['resurrect']);
        });
        assert.deepEqual(await ended(scene), [['v1.5.0'], 'activated']);
        await assertServes(scene, 'v1.8.0');
      },
    );

    await t.test('the daemon stands still while a release is proven', async () => {
      await scene.release('v1.9.0', pausing(scene, 'proving'));
      await meanwhile(scene, 'proving', async () => {
        const daemon = await daemonOf(scene);
        process.kill(daemon, 'SIGSTOP');
        try {
          await waitFor(
            'a call that is given up',
            async () => (await scene.cliMust(['logs'])).includes('looking again in'),
            { limitMs: 40_000, everyMs: 1_000 },
          );
        } finally {
          process.kill(daemon, 'SIGCONT');
        }
      });
      assert.deepEqual(await ended(scene), [['v1.5.0'], 'activated']);
      await assertServes(scene, 'v1.9.0');
    });
  },
);

/** What is held against releases, and how the last run ended. */
async function ended(scene: Scene): Promise<unknown[]> {
  const { quarantine, lastRun } = await scene.status();
  return [quarantine.map(({ tag }) => tag), lastRun?.outcome];
}

async function daemonOf({ machine }: Scene): Promise<number> {
  return Number(await readFile(join(machine.pm2Home, 'pm2.pid'), 'utf8'));
}

/** Ends what a killed daemon left running, as the end of its service does. */
function endApps({ machine }: Scene): Promise<void> {
  const marked = { variable: `PM2_GITOPS_BED=${machine.env['PM2_GITOPS_BED'] ?? '?'}`, folder: '/nowhere' };
  return endProcesses(() => processesOf(marked).filter(({ command }) => command.includes('server.cjs')));
}
