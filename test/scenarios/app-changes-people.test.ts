import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { AppSpec } from '../bed/app.js';
import { environments, TELL } from '../bed/environments.js';
import { Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

function apps(port: number, args: string): AppSpec[] {
  const extra = { args: [args] };
  return [
    { name: 'api', port, extra },
    { name: 'worker', port: port + 1, extra },
    { name: 'web', port: port + 2, extra },
  ];
}

test(
  'what a person did to the apps of a root counts, and apps elsewhere are none of its business',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => apps(port, 'former') });
    const { machine, port } = scene;
    const preamble = TELL;
    await scene.release('v1.0.0', { preamble });
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    await scene.cliMust(['apply', '--start-pm2']);
    await machine.pm2(['scale', 'web', '3']);
    await machine.pm2(['stop', 'worker']);
    await machine.pm2(['delete', 'api']);
    const elsewhere = machine.path('elsewhere');
    await mkdir(elsewhere);
    await writeFile(`${elsewhere}/far.cjs`, 'setInterval(() => {}, 60_000);\n');
    await machine.pm2(['start', 'far.cjs', '--name', 'taken'], { cwd: elsewhere });
    const before = await machine.processes();

    const taken = { name: 'taken', port: port + 9 };
    await scene.release('v1.1.0', { preamble, apps: [...apps(port, 'later'), taken] });
    const blocked = await scene.cli(['apply']);
    assert.equal(blocked.code, 2, blocked.stderr);
    assert.match(blocked.stderr, /pm2 already has an app called taken, in .*elsewhere/);
    assert.deepEqual(await machine.processes(), before, 'refused before anything was touched');

    await scene.release('v1.2.0', {
      preamble,
      apps: [...apps(port, 'later'), { name: 'fresh', port: port + 9 }],
    });
    assert.match((await scene.cli(['plan'])).stdout, /known once it is staged/);
    const { code, stderr } = await scene.cli(['apply']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /worker is stopped and stays so/);
    assert.match(stderr, /the release also names api, which does not run/);
    const after = await machine.processes();
    assert.deepEqual(after.map(({ name }) => name).sort(), ['fresh', 'taken', 'web', 'web', 'web', 'worker']);
    const of = (name: string, list = after): unknown => list.filter((process) => process.name === name);
    assert.deepEqual(of('taken'), of('taken', before));
    assert.deepEqual(of('worker'), of('worker', before));
    assert.equal(
      new Set([...after, ...before].filter(({ name }) => name === 'web').map(({ pmId }) => pmId)).size,
      6,
    );
    const { current } = { current: `${scene.root}/current` };
    assert.deepEqual(
      [...new Set(after.filter(({ name }) => ['web', 'fresh'].includes(name)).map(({ cwd }) => cwd))],
      [current],
    );
    assert.ok('web#2' in (await environments(machine)));

    await t.test('the way to the previous release is a change like any other', async () => {
      await scene.cliMust(['rollback']);
      const back = await machine.processes();
      assert.deepEqual(back.map(({ name }) => name).sort(), ['taken', 'web', 'web', 'web', 'worker']);
      assert.deepEqual(of('taken', back), of('taken', before));
      const again = (await scene.cli(['plan', '--to', 'v1.2.0'])).stdout;
      assert.match(again, /web is defined anew: args/);
      assert.match(again, /fresh is new in this release/);
    });

    await t.test('where what served until now is gone, nothing is deleted for it', async () => {
      await rm(`${scene.root}/current`);
      const again = await scene.cli(['apply', '--to', 'v1.2.0']);
      assert.equal(again.code, 0, again.stderr);
      const names = (await machine.processes()).map(({ name }) => name).sort();
      assert.deepEqual(names, ['api', 'fresh', 'taken', 'web', 'web', 'web', 'worker']);
    });
  },
);
