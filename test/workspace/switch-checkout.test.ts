import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isGitOpsError } from '../../src/domain/errors.js';
import { systemClock } from '../../src/os/clock.js';
import { prune } from '../../src/workspace/prune.js';
import { keptFor, moveBack, moveCheckout, readLive } from '../../src/workspace/switch-checkout.js';
import { V1, V2, dirtyNaming, effort, inode, makeFixture, snapshot } from './checkout-fixture.js';

test('a move checks out the release, swaps in what was staged and keeps what was live', async (t) => {
  const f = makeFixture(t);
  const old = inode(f.root, 'node_modules');
  await moveCheckout(f.move, effort());
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
  assert.equal(f.git('status', '--porcelain'), '');
  assert.equal(f.read('node_modules/dep/index.js'), 'dep 2\n');
  assert.equal(f.read('dist/main.js'), null);
  assert.equal(f.read('both/inside'), 'a folder in v2\n');
  assert.equal(inode(f.state, `kept/${f.v1}/node_modules`), old);
  assert.deepEqual(await readLive(f.state), {
    schema: 1,
    commit: f.v2,
    depsKey: 'key-2',
    made: ['node_modules', 'dist'],
  });
});

test("the user's branches, tags and remotes are where they were", async (t) => {
  const f = makeFixture(t);
  const before = f.git('for-each-ref', 'refs/heads', 'refs/tags', 'refs/remotes');
  await moveCheckout(f.move, effort());
  assert.equal(f.git('for-each-ref', 'refs/heads', 'refs/tags', 'refs/remotes'), before);
});

test('the way back restores the commit, the content and the inode of node_modules', async (t) => {
  const f = makeFixture(t);
  const [before, node] = [snapshot(f.root), inode(f.root, 'node_modules')];
  await moveCheckout(f.move, effort());
  assert.equal(await keptFor(f.state, f.v1), true);
  await moveBack(f.back, effort());
  assert.deepEqual(snapshot(f.root), before);
  assert.equal(inode(f.root, 'node_modules'), node);
  assert.equal(f.git('rev-parse', 'HEAD'), f.v1);
  assert.equal(f.git('status', '--porcelain'), '');
  assert.equal(await readLive(f.state), null);
  assert.equal(await keptFor(f.state, f.v1), false);
});

test('moving and going back twice changes nothing more', async (t) => {
  const f = makeFixture(t);
  const before = snapshot(f.root);
  await moveCheckout(f.move, effort());
  const moved = snapshot(f.root);
  await moveCheckout(f.move, effort());
  assert.deepEqual(snapshot(f.root), moved);
  await moveBack(f.back, effort());
  await moveBack(f.back, effort());
  assert.deepEqual(snapshot(f.root), before);
  f.stage();
  await moveCheckout({ ...f.move, runId: 'run-2' }, effort());
  assert.deepEqual(snapshot(f.root), moved);
});

test('a new thing without an old counterpart is moved out on the way back', async (t) => {
  const f = makeFixture(t, { made: ['node_modules', 'dist', 'packages/api/dist'] });
  const before = snapshot(f.root);
  await moveCheckout(f.move, effort());
  assert.equal(f.read('packages/api/dist/dep/index.js'), 'dep 2\n');
  await moveBack(f.back, effort());
  assert.equal(f.read('packages/api/dist/dep/index.js'), null);
  const after = snapshot(f.root);
  for (const path of ['packages', 'packages/api']) Reflect.deleteProperty(after, path);
  assert.deepEqual(after, before);
});

test('node_modules stay where they are when the dependencies are the same', async (t) => {
  const f = makeFixture(t, { made: ['dist'] });
  const node = inode(f.root, 'node_modules');
  const staged = { ...f.move.staged, made: ['node_modules', 'dist'], modules: 'kept' } as const;
  await moveCheckout({ ...f.move, staged }, effort());
  assert.equal(inode(f.root, 'node_modules'), node);
  assert.equal(await keptFor(f.state, f.v1), true);
  await moveBack(f.back, effort());
  assert.equal(inode(f.root, 'node_modules'), node);
});

test('local commits are kept under a rescue ref and the branch stays', async (t) => {
  const f = makeFixture(t);
  f.write('app.js', 'mine\n');
  f.git('commit', '--quiet', '--all', '--message', 'local');
  const local = f.git('rev-parse', 'HEAD');
  const saved = await moveCheckout(f.move, effort());
  assert.equal(f.git('rev-parse', `refs/pm2-gitops/rescue/run-1-${local.slice(0, 7)}`), local);
  assert.equal(f.git('rev-parse', 'main'), local);
  assert.deepEqual(
    saved.map(({ what }) => what),
    ['commits'],
  );
});

test('a detached HEAD moves as a branch does', async (t) => {
  const f = makeFixture(t);
  f.git('checkout', '--quiet', '--detach');
  await moveCheckout(f.move, effort());
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
});

test('a shallow clone moves', async (t) => {
  const f = makeFixture(t, { clone: ['--depth=1'] });
  await moveCheckout(f.move, effort());
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
  await moveBack(f.back, effort());
  assert.equal(f.git('status', '--porcelain'), '');
});

test('a checkout whose branch was deleted moves, and edits are still seen', async (t) => {
  const f = makeFixture(t);
  f.git('update-ref', '-d', 'refs/heads/main');
  f.write('app.js', 'mine\n');
  await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming('app.js'));
  f.write('app.js', 'console.log(1)\n');
  await moveCheckout(f.move, effort());
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
});

test('spaces, quotes and letters of the world in paths are moved, named and restored', async (t) => {
  const odd = 'dösé "x" 日本/a b.js';
  const f = makeFixture(t, {
    name: 'my shöp',
    v1: { ...V1, [odd]: '1\n' },
    v2: { ...V2, [odd]: '2\n', 'new ü.js': '2\n' },
    made: ['node_modules', 'bäu t/out'],
  });
  const before = snapshot(f.root);
  f.write(odd, 'mine\n');
  f.write('new ü.js', 'mine\n');
  await assert.rejects(moveCheckout(f.move, effort()), dirtyNaming(odd, 'new ü.js'));
  f.write(odd, '1\n');
  rmSync(join(f.root, 'new ü.js'));
  await moveCheckout(f.move, effort());
  assert.equal(f.read('bäu t/out/dep/index.js'), 'dep 2\n');
  await moveBack(f.back, effort());
  const after = snapshot(f.root);
  Reflect.deleteProperty(after, 'bäu t');
  assert.deepEqual(after, before);
});

test("a folder that one release builds and the other tracks is git's in the one and ours in the other", async (t) => {
  const f = makeFixture(t, { v1: { ...V1, 'dist/main.js': 'built 1\n' } });
  f.write('dist/mine.txt', 'mine\n');
  const before = snapshot(f.root);
  await moveCheckout(f.move, effort());
  assert.equal(f.read('dist/dep/index.js'), 'dep 2\n');
  assert.equal(f.read('dist/main.js'), null);
  await moveBack(f.back, effort());
  assert.deepEqual(snapshot(f.root), before);
  assert.equal(f.git('status', '--porcelain'), '');
});

test('what the old release had built does not stand in the way of a release that tracks it', async (t) => {
  const f = makeFixture(t, { made: ['node_modules'], v2: { ...V2, 'dist/main.js': 'tracked 2\n' } });
  const live = { schema: 1, commit: f.v1, depsKey: null, made: ['node_modules', 'dist'] };
  writeFileSync(join(f.state, 'live.json'), JSON.stringify(live));
  const before = snapshot(f.root);
  await moveCheckout(f.move, effort());
  assert.equal(f.read('dist/main.js'), 'tracked 2\n');
  assert.equal(f.git('status', '--porcelain'), '');
  await moveBack(f.back, effort());
  assert.deepEqual(snapshot(f.root), before);
  assert.deepEqual(await readLive(f.state), live);
});

test('submodule folders are left alone', async (t) => {
  const f = makeFixture(t);
  f.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', join(f.base, 'origin'), 'vendor');
  f.git('commit', '--quiet', '--message', 'with a submodule');
  f.write('vendor/app.js', 'changed inside\n');
  const from = f.git('rev-parse', 'HEAD');
  await moveCheckout({ ...f.move, from: { commit: from } }, effort());
  assert.equal(f.read('vendor/app.js'), 'changed inside\n');
});

test('a release that carries our own files is refused before anything moves', async (t) => {
  for (const path of ['.pm2-gitops/orders.json', 'gitops.json', 'gitops.signers']) {
    const f = makeFixture(t, { v2: { ...V2, [path]: '{}\n' } });
    await assert.rejects(moveCheckout(f.move, effort()), (error: unknown) =>
      isGitOpsError(error, 'RELEASE_INVALID'),
    );
    assert.equal(f.git('rev-parse', 'HEAD'), f.v1);
  }
});

const isLinux = process.platform === 'linux';

test('locks of a killed git are removed, however young', { skip: !isLinux }, async (t) => {
  const f = makeFixture(t);
  for (const name of ['index.lock', 'HEAD.lock', 'refs/stash.lock'])
    writeFileSync(join(f.root, '.git', name), '');
  const lines: string[] = [];
  await moveCheckout(f.move, effort(lines));
  assert.equal(
    lines.some((line) => line.includes('index.lock')),
    true,
  );
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
});

test('a lock is left to a git that lives, and the move waits for it', { skip: !isLinux }, async (t) => {
  const f = makeFixture(t);
  const lock = join(f.root, '.git', 'index.lock');
  const living = spawn('git', ['cat-file', '--batch'], { cwd: f.root, stdio: ['pipe', 'ignore', 'ignore'] });
  await once(living, 'spawn');
  writeFileSync(lock, '');
  let waits = 0;
  const clock = {
    ...systemClock(),
    sleep: async (): Promise<void> => {
      waits += 1;
      assert.equal(existsSync(lock), true);
      living.stdin.end();
      if (living.exitCode === null) await once(living, 'exit');
    },
  };
  await moveCheckout(f.move, { ...effort(), clock });
  assert.equal(waits, 1);
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
});

test('only the previous release is kept', async (t) => {
  const f = makeFixture(t);
  await moveCheckout(f.move, effort());
  const pruneBut = (...kept: readonly string[]): Promise<void> =>
    prune(
      { root: f.root, state: f.state, strategy: 'checkout', keep: 2, protect: [f.v2], kept, runIds: [] },
      effort(),
    );
  await pruneBut(f.v1);
  assert.equal(await keptFor(f.state, f.v1), true);
  await pruneBut();
  assert.equal(await keptFor(f.state, f.v1), false);
  assert.equal(existsSync(join(f.state, 'kept', f.v1)), false);
  await assert.rejects(moveBack(f.back, effort()), (error: unknown) => isGitOpsError(error, 'STATE_CORRUPT'));
  assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
});

test('hooks of the checkout are not run', async (t) => {
  const f = makeFixture(t);
  writeFileSync(join(f.root, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch "${f.base}/hooked"\n`, {
    mode: 0o755,
  });
  await moveCheckout(f.move, effort());
  assert.equal(existsSync(join(f.base, 'hooked')), false);
});

test('a half move to a release that was superseded is undone before the move to the next one', async (t) => {
  const f = makeFixture(t);
  const node = inode(f.root, 'node_modules');
  await moveCheckout(f.move, effort());
  // As a kill just before the end leaves it: everything is moved, `live.json` does not say so yet.
  rmSync(join(f.state, 'live.json'));
  const third = f.git('commit-tree', '-p', f.v2, '-m', 'v3', `${f.v2}^{tree}`);
  f.git('push', '--quiet', f.move.mirror, `${third}:refs/heads/third`);
  f.stage();
  await moveCheckout({ ...f.move, to: { commit: third, tag: 'v3' } }, effort());
  assert.equal(f.git('rev-parse', 'HEAD'), third);
  assert.equal(inode(f.state, `kept/${f.v1}/node_modules`), node);
});
