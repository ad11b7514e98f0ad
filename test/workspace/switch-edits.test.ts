import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { checkDirty, moveBack, moveCheckout } from '../../src/workspace/switch-checkout.js';
import { V1, V2, dirtyNaming, effort, makeFixture, snapshot } from './checkout-fixture.js';

test('an edited tracked file is refused, named, and nothing is touched', async (t) => {
  const f = makeFixture(t);
  f.write('app.js', 'mine\n');
  const before = snapshot(f.root);
  assert.deepEqual(await checkDirty(f.move, effort()), ['app.js']);
  await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming('app.js'));
  assert.deepEqual(snapshot(f.root), before);
  assert.equal(f.git('rev-parse', 'HEAD'), f.v1);
  assert.equal(existsSync(join(f.state, 'kept')), false);
});

test('a refusal names ten files and counts the rest', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`f${i + 10}.js`, '1\n']));
  const f = makeFixture(t, { v1: { ...V1, ...many }, v2: { ...V2, ...many } });
  for (const path of Object.keys(many)) f.write(path, 'mine\n');
  await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming('f10.js', 'and 3 more'));
});

test('with stash the edits, staged ones too, are in git stash list under the run', async (t) => {
  const f = makeFixture(t, { dirty: 'stash' });
  f.write('app.js', 'mine\n');
  f.write('staged.js', 'staged\n');
  f.git('add', 'staged.js');
  const lines: string[] = [];
  const saved = await moveCheckout(f.move, effort(lines));
  assert.match(f.git('stash', 'list'), /pm2-gitops run-1: before v2/);
  assert.equal(f.git('show', 'stash@{0}:app.js'), 'mine');
  assert.equal(f.git('show', 'stash@{0}:staged.js'), 'staged');
  assert.deepEqual(
    saved.map(({ what, paths }) => [what, [...paths].sort()]),
    [['edits', ['app.js', 'staged.js']]],
  );
  assert.equal(
    lines.some((line) => line.includes('app.js') && line.includes('stash')),
    true,
  );
  assert.equal(f.read('app.js'), 'console.log(2)\n');
  const told: string[] = [];
  await moveBack(f.back, effort(told));
  assert.equal(
    told.some((line) => line.includes('stash@{0}')),
    true,
  );
});

test('untracked and ignored files survive the move and the way back', async (t) => {
  const f = makeFixture(t);
  f.write('notes.txt', 'mine\n');
  f.write('error.log', 'mine\n');
  f.write('lib/mine.js', 'mine\n');
  await moveCheckout(f.move, effort());
  await moveBack(f.back, effort());
  for (const path of ['notes.txt', 'error.log', 'lib/mine.js']) assert.equal(f.read(path), 'mine\n');
});

for (const [kind, path] of [
  ['untracked', 'config.js'],
  ['ignored', 'secret.log'],
] as const) {
  const trees = { v2: { ...V2, [path]: 'theirs\n' } };

  test(`an ${kind} file that the release would overwrite is refused by name`, async (t) => {
    const f = makeFixture(t, trees);
    f.write(path, 'mine\n');
    assert.deepEqual(await checkDirty(f.move, effort()), [path]);
    await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming(path));
    assert.equal(f.read(path), 'mine\n');
    assert.equal(f.git('rev-parse', 'HEAD'), f.v1);
  });

  test(`with stash an ${kind} file that the release would overwrite is moved to a rescue folder`, async (t) => {
    const f = makeFixture(t, { ...trees, dirty: 'stash' });
    f.write(path, 'mine\n');
    const saved = await moveCheckout(f.move, effort());
    assert.equal(f.read(path), 'theirs\n');
    assert.equal(f.read(`.pm2-gitops/rescue/run-1/${path}`), 'mine\n');
    assert.deepEqual(
      saved.map(({ what }) => what),
      ['files'],
    );
  });
}

test('checkDirty knows of a release that only the mirror has, and writes nothing', async (t) => {
  const f = makeFixture(t, {
    v2: { ...V2, 'config.js': 'theirs\n' },
    clone: ['--single-branch', '--no-tags'],
  });
  f.write('config.js', 'mine\n');
  const refs = f.git('for-each-ref');
  assert.deepEqual(await checkDirty(f.move, effort()), ['config.js']);
  assert.equal(f.git('for-each-ref'), refs);
  assert.equal(existsSync(join(f.state, 'kept')), false);
});

test('an untracked file where the release has a folder, and an untracked folder where it has a file, are refused', async (t) => {
  const f = makeFixture(t, { v2: { ...V2, 'a/b/c.js': 'x\n', data: 'x\n' } });
  f.write('a', 'mine\n');
  f.write('data/mine.txt', 'mine\n');
  mkdirSync(join(f.root, 'empty'));
  await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming('a,', 'data/mine.txt'));
  assert.equal(f.read('data/mine.txt'), 'mine\n');
});

test('a dirtied lockfile does not block and can be recovered', async (t) => {
  const f = makeFixture(t);
  f.write('package-lock.json', 'dirtied\n');
  assert.deepEqual(await checkDirty(f.move, effort()), []);
  const [saved] = await moveCheckout(f.move, effort());
  assert.equal(saved?.what, 'lockfile');
  assert.match(saved.where, /^refs\/pm2-gitops\/rescue\/run-1/);
  assert.equal(f.git('show', `${saved.where}:package-lock.json`), 'dirtied');
  assert.equal(f.read('package-lock.json'), V2['package-lock.json']);
});

test("an untracked lockfile gives way to the release's", async (t) => {
  const v1 = Object.fromEntries(Object.entries(V1).filter(([path]) => path !== 'package-lock.json'));
  const f = makeFixture(t, { v1 });
  f.write('package-lock.json', 'mine\n');
  await moveCheckout(f.move, effort());
  assert.equal(f.read('package-lock.json'), V2['package-lock.json']);
  assert.equal(f.read('.pm2-gitops/rescue/run-1/package-lock.json'), 'mine\n');
});

test('after a refusal the way back touches no edit either', async (t) => {
  const f = makeFixture(t);
  f.git('commit', '--quiet', '--allow-empty', '--message', 'local');
  const local = f.git('rev-parse', 'HEAD');
  f.write('app.js', 'mine\n');
  await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming('app.js'));
  await moveBack(f.back, effort());
  assert.equal(f.read('app.js'), 'mine\n');
  assert.equal(f.git('rev-parse', 'HEAD'), local);
});

test('edits made while the release was being proven are rescued on the way back', async (t) => {
  const f = makeFixture(t);
  await moveCheckout(f.move, effort());
  f.write('app.js', 'hot fix\n');
  const [saved] = await moveBack(f.back, effort());
  assert.equal(saved?.what, 'edits');
  assert.equal(f.git('show', `${saved.where}:app.js`), 'hot fix');
  assert.equal(f.git('status', '--porcelain'), '');
});

for (const flag of ['skip-worktree', 'assume-unchanged']) {
  test(`an edit hidden by --${flag} is seen: refused by name, or moved to the rescue folder`, async (t) => {
    const f = makeFixture(t);
    f.git('update-index', `--${flag}`, 'app.js', '.gitignore', 'package.json');
    f.write('app.js', 'mine\n');
    f.write('.gitignore', '# the release does not change this file\n');
    assert.deepEqual(await checkDirty(f.move, effort()), ['app.js']);
    await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming('app.js'));
    assert.equal(f.read('app.js'), 'mine\n');
    await moveCheckout({ ...f.move, dirty: 'stash' }, effort());
    assert.equal(f.read('app.js'), V2['app.js']);
    assert.equal(f.read('.pm2-gitops/rescue/run-1/app.js'), 'mine\n');
    assert.match(f.read('.gitignore') ?? '', /does not change/);
    await moveBack(f.back, effort());
    assert.equal(f.read('app.js'), V1['app.js']);
  });
}
