import assert from 'node:assert/strict';
import test from 'node:test';
import { jsonOf, Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

test(
  'whatever prints data prints it as JSON too, and a reader who leaves early is no failure',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine, root } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    await scene.release('v1.1.0');
    await scene.cliMust(['channel', ' 1.x ', '--json']);
    await scene.cliMust(['apply']);

    assert.equal(jsonOf(await scene.cli(['channel', '--json']))['channel'], '1.x');
    for (const args of [['status'], ['plan'], ['history'], ['logs'], ['doctor']]) {
      assert.equal(jsonOf(await scene.cli([...args, '--json']))['schema'], 1, args.join(' '));
      const line = ['"$0" "$1"', ...args, '| true; echo "${PIPESTATUS[0]}"'].join(' ');
      const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
      const { stdout, stderr } = await machine.exec('bash', ['-c', line, process.execPath, main], {
        cwd: root,
      });
      assert.deepEqual([stdout.trim(), stderr], ['0', ''], args.join(' '));
    }
  },
);
