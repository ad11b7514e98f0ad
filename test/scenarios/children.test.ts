import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test from 'node:test';
import { askApp } from '../bed/machine.js';
import { QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 300_000, skip: process.platform === 'linux' ? false : 'only Linux tells of it' };
// Without pm2's variables: that it comes from the app is known only from its parent.
const HIDDEN = `require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 60_000)', 'hidden'],
  { detached: true, stdio: 'ignore', env: {} }).unref();`;
const CHILD = { variant: 'leaves a child that serves', preamble: HIDDEN } as const;
const REAP = { gitops: { ...QUICK, children: 'reap' } };

test(
  'S37: what a former life left behind is told, and ended if the release asks for it',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'web', port, extra: { treekill: false } },
        { name: 'job', port: port + 1 },
      ],
    });
    const { machine, port } = scene;
    const left = async (): Promise<string[]> =>
      (await scene.status()).orphans
        .map(({ name, command }) => `${name}${command.includes('hidden') ? ' hidden' : ''}`)
        .sort();
    const answers = async (at: number): Promise<boolean> => (await askApp(at)) !== null;
    await scene.release('v1.0.0', CHILD);
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    await scene.cliMust(['apply', '--start-pm2']);
    await waitFor('the children', async () => (await answers(port + 9)) && (await answers(port + 10)));
    assert.deepEqual(await left(), [], 'a living app has them');
    const stranger = personsProcess(scene);
    t.after(() => stranger.kill('SIGKILL'));

    await scene.release('v1.1.0');
    await scene.cliMust(['apply']);
    assert.deepEqual(await left(), ['web', 'web hidden'], 'pm2 ended those of job itself');
    assert.deepEqual([await answers(port + 9), await answers(port + 10)], [true, false]);
    assert.match(await scene.cliMust(['logs']), /left behind: web 0 left process \d+/);
    assert.match((await scene.cli(['doctor'])).stdout, /children +web 0 left process/);

    await scene.release('v1.2.0', REAP);
    await scene.cliMust(['apply']);
    assert.deepEqual([await left(), await answers(port + 9)], [[], false]);
    assert.match(
      await scene.cliMust(['logs']),
      /reaped: 2 left behind processes were ended, 1 of them by force/,
    );

    await scene.release('v1.3.0', { ...CHILD, ...REAP });
    await scene.cliMust(['apply']);
    const job = (await machine.processes()).find(({ name }) => name === 'job');
    process.kill(job?.pid ?? 0, 'SIGKILL');
    await waitFor('pm2 to start it again', async () => {
      const now = (await machine.processes()).find(({ name }) => name === 'job');
      return now?.status === 'online' && now.pid !== job?.pid;
    });
    assert.deepEqual(await left(), ['job'], 'of a crash only the environment tells');

    await scene.release('v1.4.0', {
      ...CHILD,
      preamble: `${HIDDEN}; setTimeout(() => process.exit(1), 300);`,
      // On a busy machine half a second is over before its code begins.
      gitops: { health: { settle: '10s' } },
    });
    assert.equal((await scene.cli(['apply'])).code, 4);
    await scene.everywhere('v1.3.0');
    assert.deepEqual(await left(), [], 'the way back asks for it, too');
    assert.equal(stranger.exitCode, null);
    assert.equal(stranger.signalCode, null, 'a process of another folder is nobody of ours');
  },
);

/** What looks like the child of an app of another root, whose life is over. */
function personsProcess({ machine }: Scene): ReturnType<typeof spawn> {
  const env = {
    ...machine.env,
    pm_id: '0',
    pm_uptime: '1',
    name: 'other',
    pm_cwd: '/srv/other',
    pm_exec_path: '/srv/other/a.js',
  };
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], {
    env,
    stdio: 'ignore',
    cwd: machine.home,
  });
}
