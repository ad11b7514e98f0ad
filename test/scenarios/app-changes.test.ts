import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { AppSpec } from '../bed/app.js';
import { difference, environments, TELL } from '../bed/environments.js';
import { askApp } from '../bed/machine.js';
import { Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

/** `name pm-id` of each entry of pm2's list. */
async function listed({ machine }: Scene): Promise<string[]> {
  return (await machine.processes()).map(({ name, pmId }) => `${name} ${pmId}`);
}

async function names({ machine }: Scene): Promise<string[]> {
  return (await machine.processes()).map(({ name }) => name).sort();
}

function former(port: number): AppSpec[] {
  return [
    { name: 'steady', port, instances: 2 },
    { name: 'vars', port: port + 2, extra: { env: { PORT: port + 2, LOG: 'a', GONE: '1' } } },
    { name: 'script', port: port + 3 },
    { name: 'mode', port: port + 4 },
    { name: 'count', port: port + 5, mode: 'cluster' },
    { name: 'blue', port: port + 7 },
    { name: 'old', port: port + 8, extra: { args: ['old'] } },
  ];
}

function later(port: number): AppSpec[] {
  return [
    { name: 'steady', port, instances: 2 },
    { name: 'vars', port: port + 2, extra: { env: { PORT: port + 2, LOG: 'b', NEW: '1' } } },
    { name: 'script', port: port + 3, extra: { script: './server.cjs', args: ['one', 'two words'] } },
    { name: 'mode', port: port + 4, mode: 'cluster' },
    { name: 'count', port: port + 5, mode: 'cluster', instances: 2 },
    { name: 'green', port: port + 7 },
    { name: 'fresh', port: port + 9 },
  ];
}

test(
  'a release adds, removes and changes apps, and nothing else of them; one that fails is taken back exactly',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: former });
    const { machine, port } = scene;
    await scene.release('v1.0.0', { preamble: TELL });
    await machine.deploy(scene.remote, 'v1.0.0');
    await machine.pm2(['delete', 'all']);
    await machine.pm2(['start', 'ecosystem.config.cjs'], { env: { OWN: 'of the shell' } });
    // A person's own, in the same root and in no file.
    await machine.pm2(['start', 'server.cjs', '--name', 'mine'], { env: { PORT: String(port + 12) } });
    await scene.everywhere('v1.0.0');
    await scene.cliMust(['init', '--yes']);
    const before = await environments(machine);

    await scene.release('v1.1.0', { preamble: TELL, apps: later(port) });
    await scene.cliMust(['apply']);
    const expected = 'count count fresh green mine mode script steady steady vars'.split(' ');
    assert.deepEqual(await names(scene), expected);
    const after = await environments(machine);
    const changed = (name: string): string[] => difference(name, before, after);
    for (const same of ['steady#0', 'steady#1', 'mine#0', 'script#0'])
      assert.deepEqual(changed(same), [], same);
    assert.deepEqual(changed('vars#0'), ['GONE: 1 → none', 'LOG: a → b', 'NEW: none → 1']);
    assert.deepEqual(changed('count#0'), ['instances: 1 → 2']);
    assert.ok(changed('mode#0').includes('exec_mode: fork_mode → cluster_mode'));
    assert.deepEqual([after['mode#0']?.['OWN'], after['green#0']?.['OWN']], ['of the shell', 'of the shell']);
    assert.equal(after['fresh#0']?.['OWN'], undefined, 'a new app has the environment of a first start');
    for (const at of [0, 2, 3, 4, 5, 6, 7, 9, 12]) assert.equal((await askApp(port + at))?.version, 'v1.1.0');
    assert.equal(await askApp(port + 8), null);

    await t.test('a release that crashes costs no app: one process proves it first', async () => {
      const list = await listed(scene);
      await scene.release('v1.2.0', { preamble: TELL, apps: former(port), variant: 'crashes at start' });
      assert.equal((await scene.cli(['apply'])).code, 4);
      assert.deepEqual(await listed(scene), list);
    });

    await t.test('one that fails after its changes: each process is what it was', async () => {
      const crash = "if (process.env.name === 'old') throw new Error('only the added one fails');";
      await scene.release('v1.3.0', { preamble: TELL + crash, apps: former(port) });
      const { code, stderr } = await scene.cli(['apply']);
      assert.equal(code, 4, stderr);
      assert.deepEqual(await names(scene), expected);
      assert.deepEqual(await environments(machine), after);
      assert.deepEqual([(await scene.status()).phase, (await askApp(port + 7))?.version], ['idle', 'v1.1.0']);
      assert.deepEqual(
        (await readdir(join(scene.root, '.pm2-gitops'))).filter((file) => file.startsWith('apps.')),
        [],
        'no environment stays on record',
      );
    });

    await t.test('the previous release brings its apps back with it, and each as it was', async () => {
      await scene.cliMust(['rollback']);
      const back = await environments(machine);
      assert.deepEqual(Object.keys(back).sort(), Object.keys(before).sort());
      const changed = Object.keys(back).filter((name) => difference(name, before, back).length > 0);
      assert.deepEqual(changed, ['old#0'], 'the one that was away is started anew');
    });
  },
);
