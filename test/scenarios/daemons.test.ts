import assert from 'node:assert/strict';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import { processesOf } from '../bed/processes.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };
const NOBODY = 65_534;
const require = createRequire(import.meta.url);

test(
  'S35: without a living daemon every verb ends with a clear error, and none starts a daemon',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    await scene.release('v1.1.0');

    await t.test('the daemon belongs to somebody else', { skip: process.getuid?.() !== 0 }, async () => {
      const socket = join(machine.pm2Home, 'rpc.sock');
      await chown(socket, NOBODY, NOBODY);
      const { code, stderr } = await scene.cli(['apply']);
      await chown(socket, 0, 0);
      assert.ok(code !== null && code > 1, `exit code ${code ?? 'none'}: ${stderr}`);
      assert.match(stderr, /belongs|owner|owned|user/i);
      assert.deepEqual(await scene.versions(), ['v1.0.0']);
    });

    await t.test('the daemon was killed and left its sockets', async () => {
      process.kill(Number(await readFile(join(machine.pm2Home, 'pm2.pid'), 'utf8')), 'SIGKILL');
      await waitFor('the daemon to be gone', () => daemons(scene).length === 0);
      const { code, stderr } = await scene.cli(['apply']);
      assert.ok(code !== null && code > 1, `exit code ${code ?? 'none'}: ${stderr}`);
      assert.match(stderr, /pm2/);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
      for (const verb of [['status'], ['plan'], ['doctor'], ['history']])
        assert.notEqual((await scene.cli(verb)).code, 1, verb.join(' '));
      assert.deepEqual((await scene.status()).active?.tag, 'v1.0.0');
      assert.deepEqual(daemons(scene), []);
    });
  },
);

for (const [name, folder] of [
  ['5', 'pm2-5'],
  ['6', 'pm2-6'],
] as const) {
  test(`S35: a daemon of pm2 ${name} is used as it is`, LIMIT, async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'web', port, instances: 2 },
        { name: 'pool', port: port + 2, mode: 'cluster' },
      ],
    });
    const { machine } = scene;
    await scene.release('v1.0.0');
    await machine.deploy(scene.remote, 'v1.0.0', { pm2: require.resolve(`${folder}/bin/pm2`) });
    await scene.everywhere('v1.0.0');
    await scene.cliMust(['init', '--yes']);
    const [daemon] = daemons(scene);
    await scene.release('v1.1.0');
    await scene.cliMust(['apply']);
    assert.deepEqual(await scene.versions(), ['v1.1.0']);
    assert.deepEqual(daemons(scene), [daemon]);
  });
}

test('S35: a banner that pm2 prints before its JSON confuses nobody', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  const { machine } = scene;
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0');
  const pm2 = require.resolve('pm2/bin/pm2');
  const text = `#!/bin/sh\necho '>>>> In-memory PM2 is out-of-date, do:'\nexec '${process.execPath}' '${pm2}' "$@"\n`;
  await writeFile(machine.path('bin', 'pm2-banner'), text, { mode: 0o755 });
  await machine.must('mv', ['-f', machine.path('bin', 'pm2-banner'), machine.path('bin', 'pm2')]);
  await scene.cliMust(['apply']);
  assert.deepEqual(await scene.versions(), ['v1.1.0']);
  assert.equal((await scene.status()).processes.length, 1);
});

function daemons({ machine }: Scene): string[] {
  const living = processesOf({
    variable: `PM2_GITOPS_BED=${machine.env['PM2_GITOPS_BED'] ?? '?'}`,
    folder: machine.path(),
  });
  return living.filter(({ command }) => command.includes('God Daemon')).map(({ pid }) => String(pid));
}
