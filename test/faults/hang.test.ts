import assert from 'node:assert/strict';
import test from 'node:test';
import { endProcesses, processesOf, type LiveProcess } from '../bed/processes.js';
import { pidsOf, QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

// Deaf, in the background, and in a session of its own: all of it has to end.
const HANGS = "trap '' TERM; sleep 7654 & setsid sleep 7654 & sleep 7654";
// What is not deaf goes at once.
const LINGERS = 'sleep 7654 & setsid sleep 7654 & sleep 7654';

test(
  'whatever a release brings, pm2 or git may hang: it is ended at its limit, and the machine goes on',
  { timeout: 300_000 },
  async (t) => {
    // pm2 is given ten seconds more than these.
    const extra = { kill_timeout: 200, listen_timeout: 200 };
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2, extra }] });
    const { machine } = scene;
    const nothingHangs = async (): Promise<void> => {
      await waitFor('what hung to be ended', () => sleepers(scene).length === 0);
    };
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const pids = await pidsOf(machine);
    const gitops = { ...QUICK, timeouts: { hook: '1s', build: '1s' } };

    await t.test(
      'a build, and a hook before anything is touched: it backs off, and nothing restarts',
      async () => {
        for (const [tag, hangs] of [
          ['v1.1.0', { build: HANGS }],
          ['v1.1.1', { hooks: { afterStage: LINGERS } }],
        ] as const) {
          await scene.release(tag, { gitops: { ...gitops, ...hangs } });
          const { code, stderr } = await scene.cli(['apply']);
          assert.equal(code, 4, stderr);
          const { why, lastRun, quarantine } = await scene.status();
          assert.deepEqual(
            [lastRun?.to, lastRun?.outcome, why?.reason, quarantine],
            [tag, 'failed', 'backoff', []],
          );
          assert.match(why?.detail ?? '', /did not end within 1 s/);
          await nothingHangs();
        }
        assert.deepEqual(await pidsOf(machine), pids);
      },
    );

    await t.test('a hook just before the switch: the former release serves', async () => {
      await scene.release('v1.2.0', { gitops: { ...gitops, hooks: { beforeActivate: LINGERS } } });
      assert.equal((await scene.cli(['apply'])).code, 4);
      await nothingHangs();
      assert.deepEqual([await scene.versions(), await pidsOf(machine)], [['v1.0.0'], pids]);
      assert.deepEqual((await scene.status()).quarantine, []);
    });

    await t.test('what should prove the release: it is taken back', async () => {
      for (const [tag, hangs] of [
        ['v1.3.0', { hooks: { afterActivate: HANGS } }],
        ['v1.3.1', { health: { settle: '500ms', timeout: '1s', command: LINGERS } }],
      ] as const) {
        await scene.release(tag, { gitops: { ...gitops, ...hangs } });
        assert.equal((await scene.cli(['apply'])).code, 4);
        await nothingHangs();
        assert.deepEqual(await scene.versions(), ['v1.0.0']);
        assert.equal((await scene.status()).quarantine.at(-1)?.tag, tag);
      }
    });

    await t.test(
      'a restart that pm2 never ends: taken back at its limit, the former release serves, and no operator is needed',
      async () => {
        const before = await pidsOf(machine);
        await scene.release('v1.3.2');
        // What pm2 looks for the children of a process with before it ends it.
        await machine.tool('ps').fault({ when: '*ppid*', hangs: true });
        const { code, stderr } = await scene.cli(['apply']);
        assert.equal(code, 3, stderr);
        assert.match(stderr, /web \d+ has not ended, though pm2 is stopping it; .*`ps -e`/s);
        const { phase, processes, quarantine } = await scene.status();
        assert.deepEqual(
          [phase, quarantine.at(-1)?.tag, processes.map(({ status }) => status)],
          ['rollingBack', 'v1.3.2', ['stopping', 'online']],
        );
        assert.match(quarantine.at(-1)?.cause ?? '', /did not answer restartProcessId within 10\.6 s/);
        assert.deepEqual([await scene.versions(), await pidsOf(machine)], [['v1.0.0'], before]);
        await machine.tool('ps').fault(null);
        await endProcesses(() => hanging(scene));
        await scene.everywhere('v1.0.0');
        await scene.cli(['apply']);
        const rested = await scene.status();
        assert.deepEqual([rested.phase, rested.lastRun?.outcome], ['idle', 'rolledBack']);
        assert.deepEqual(
          rested.processes.map(({ status, commit }) => [status, commit]),
          rested.processes.map(() => ['online', rested.active?.commit]),
        );
      },
    );

    await t.test(
      'a prune: the release is on record and serves meanwhile, and the next one comes after it',
      async () => {
        await scene.release('v1.3.3');
        await machine.tool('git').fault({ when: '*for-each-ref*refs/gitops/releases/*', hangs: true });
        const applied = scene.cli(['apply']);
        await waitFor('the prune', () => hanging(scene).length > 0);
        const { active, phase, lastRun } = await scene.status();
        assert.deepEqual([active?.tag, phase, lastRun?.outcome], ['v1.3.3', 'idle', 'activated']);
        assert.deepEqual(await scene.versions(), ['v1.3.3']);
        await machine.tool('git').fault(null);
        await endProcesses(() => hanging(scene)); // as at its limit
        assert.equal((await applied).code, 0);
      },
    );

    await t.test('a hook after the way back: that is told, and the former release serves', async () => {
      await scene.release('v1.4.0', { gitops: { ...gitops, hooks: { afterRollBack: LINGERS } } });
      await scene.cliMust(['apply']);
      await scene.release('v1.5.0', { variant: 'crashes at start' });
      assert.equal((await scene.cli(['apply'])).code, 4);
      await nothingHangs();
      assert.deepEqual(await scene.versions(), ['v1.4.0']);
      const { lastRun, phase } = await scene.status();
      assert.deepEqual([lastRun?.outcome, phase], ['rolledBack', 'idle']);
      assert.match(await scene.cliMust(['logs']), /afterRollBack|did not end within 1 s/);
    });
  },
);

function sleepers(scene: Scene): LiveProcess[] {
  return living(scene, 'sleep 7654');
}

/** What a tool's wrapper has become. */
function hanging(scene: Scene): LiveProcess[] {
  return living(scene, 'sleep 3600');
}

function living({ machine }: Scene, words: string): LiveProcess[] {
  const ours = processesOf({ variable: `nothing=`, folder: machine.path() });
  return ours.filter(({ command }) => command.includes(words));
}
