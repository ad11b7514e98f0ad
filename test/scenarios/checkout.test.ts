import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { dependency } from '../bed/app.js';
import { Scene } from '../bed/scene.js';

const LIMIT = { timeout: 180_000 };

test('S29: local edits are refused by name, or stashed as told, and never lost', LIMIT, async (t) => {
  const scene = await Scene.open(t, {
    apps: (port) => [{ name: 'web', port, instances: 2 }],
    packages: [dependency('left', '1.0.0')],
  });
  const { machine, root } = scene;
  const change = { dependencies: { left: '1.0.0' } };
  await scene.release('v1.0.0', change, { 'config.json': '{}\n' });
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0', change, { 'config.json': '{"new": true}\n' });
  await appendFile(join(root, 'config.json'), 'edited by hand\n');
  await writeFile(join(root, 'notes.txt'), 'untracked\n');
  const starts = await machine.starts();

  const refused = await scene.cli(['apply']);
  assert.ok(refused.code !== 0 && refused.code !== 1, `exit code ${refused.code ?? 'none'}`);
  assert.match(refused.stdout + refused.stderr, /config\.json/);
  assert.deepEqual(await machine.starts(), starts);
  assert.equal(await readFile(join(root, 'config.json'), 'utf8'), '{}\nedited by hand\n');
  assert.match(await readFile(join(root, 'server.cjs'), 'utf8'), /v1\.0\.0/);
  assert.equal((await scene.status()).why?.reason, 'dirty');

  await machine.configure({ dirty: 'stash' });
  await scene.cliMust(['apply']);
  assert.deepEqual(await scene.versions(), ['v1.1.0']);
  assert.equal(await readFile(join(root, 'config.json'), 'utf8'), '{"new": true}\n');
  assert.equal(await readFile(join(root, 'notes.txt'), 'utf8'), 'untracked\n');
  assert.match(await everyStash(scene), /edited by hand/);

  await machine.configure({ dirty: 'refuse' });
  await appendFile(join(root, 'package-lock.json'), '\n\n');
  await scene.release('v1.2.0', change);
  await scene.cliMust(['apply']);
  assert.deepEqual(await scene.versions(), ['v1.2.0'], 'a lockfile dirtied by npm does not block');
  assert.equal(await readFile(join(root, 'notes.txt'), 'utf8'), 'untracked\n');
});

test(
  'S30: a moved version tag is reported and not followed, a moved channel ref is followed',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine, remote, root } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const original = await scene.release('v1.1.0');
    await scene.cliMust(['apply']);
    const starts = await machine.starts();
    await scene.release('v1.1.0-moved');
    await remote.moveTag('v1.1.0', 'refs/heads/main');
    await remote.deleteTag('v1.1.0-moved');

    const told = await scene.cli(['plan']);
    await scene.cli(['apply']);
    assert.deepEqual(await machine.starts(), starts);
    assert.equal((await scene.status()).active?.commit, original);
    const status = await scene.cli(['status']);
    assert.match(
      `${told.stdout}${told.stderr}${status.stdout}${status.stderr}`,
      /v1\.1\.0.*moved|moved.*v1\.1\.0/s,
    );

    await remote.tag('release/stable', { commit: original });
    await scene.cliMust(['channel', 'ref:release/stable']);
    await scene.cliMust(['apply']);
    await remote.moveTag('release/stable', 'refs/heads/main');
    await machine.must('git', ['commit', '--quiet', '--allow-empty', '--message=work of the operator'], {
      cwd: root,
    });
    const local = await machine.must('git', ['rev-parse', 'HEAD'], { cwd: root });
    await scene.cliMust(['apply']);
    assert.deepEqual(await scene.versions(), ['v1.1.0-moved']);
    const keepers = await machine.must('git', ['for-each-ref', '--format=%(refname)', '--contains', local], {
      cwd: root,
    });
    assert.match(keepers, /refs\//, 'the local commit is kept under a ref');
  },
);

/** The patches of all stashes and of all other refs that hold what was put away. */
async function everyStash({ machine, root }: Scene): Promise<string> {
  const refs = await machine.must('git', ['for-each-ref', '--format=%(refname)'], { cwd: root });
  const kept = refs.split('\n').filter((ref) => /stash|rescue|gitops/.test(ref));
  const patches = await Promise.all(
    kept.map((ref) => machine.must('git', ['show', '-m', '--patch', ref], { cwd: root })),
  );
  return patches.join('\n');
}
