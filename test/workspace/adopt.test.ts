import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isGitOpsError } from '../../src/domain/errors.js';
import { excludeFromStatus, headTrail, inspectCheckout } from '../../src/workspace/adopt.js';
import { parseReflog } from '../../src/workspace/reflog.js';
import { effort, makeFixture } from './checkout-fixture.js';

test('a checkout is described as it is', async (t) => {
  const f = makeFixture(t);
  f.git('remote', 'set-url', 'origin', 'https://user:secret@git.example.com/shop.git');
  f.write('app.js', 'mine\n');
  f.write('package-lock.json', 'mine\n');
  assert.deepEqual(await inspectCheckout(f.root, effort()), {
    commit: f.v1,
    branch: 'main',
    tags: ['v1'],
    remoteUrl: 'https://git.example.com/shop.git',
    shallow: false,
    edits: ['app.js'],
    lockfileEdits: ['package-lock.json'],
    ownPathsTracked: [],
  });
});

test('an ssh remote is taken over with its user, who is part of the address, and without a password', async (t) => {
  const f = makeFixture(t);
  for (const [url, stored] of [
    ['ssh://git@git.example.com/o/r', 'ssh://git@git.example.com/o/r'],
    ['ssh://git:pa@ss@git.example.com:22/o/r', 'ssh://git@git.example.com:22/o/r'],
    ['ssh://git.example.com/o/r', 'ssh://git.example.com/o/r'],
    ['git@git.example.com:o/r', 'git@git.example.com:o/r'],
    ['https://token@git.example.com/o/r', 'https://git.example.com/o/r'],
  ] as const) {
    f.git('remote', 'set-url', 'origin', url);
    assert.equal((await inspectCheckout(f.root, effort()))?.remoteUrl, stored);
  }
});

test('detached, shallow, without a remote, with a tracked gitops.json: all are told', async (t) => {
  const f = makeFixture(t, {
    v1: { 'gitops.json': '{}\n', '.PM2-gitops/orders.json': '{}', 'gitops.signers': 'x' },
    clone: ['--depth=1'],
  });
  f.git('checkout', '--quiet', '--detach');
  f.git('remote', 'remove', 'origin');
  const found = await inspectCheckout(f.root, effort());
  assert.equal(found?.branch, null);
  assert.equal(found.remoteUrl, null);
  assert.equal(found.shallow, true);
  assert.deepEqual(found.ownPathsTracked, ['.PM2-gitops/orders.json', 'gitops.json', 'gitops.signers']);
});

test('of several remotes only origin counts, of a single one its name does not', async (t) => {
  const f = makeFixture(t);
  f.git('remote', 'rename', 'origin', 'upstream');
  const url = f.git('config', 'remote.upstream.url');
  assert.equal((await inspectCheckout(f.root, effort()))?.remoteUrl, url);
  f.git('remote', 'add', 'fork', 'https://example.com/fork.git');
  assert.equal((await inspectCheckout(f.root, effort()))?.remoteUrl, null);
});

test('a folder that is no checkout is null, one inside a checkout is an error that names the top', async (t) => {
  const f = makeFixture(t);
  mkdirSync(join(f.base, 'plain'));
  assert.equal(await inspectCheckout(join(f.base, 'plain'), effort()), null);
  await assert.rejects(
    inspectCheckout(join(f.root, 'lib'), effort()),
    (error) => isGitOpsError(error, 'NOT_A_ROOT') && error.message.includes(f.root),
  );
});

test('our files are excluded from status once, in a linked work tree through the common folder', async (t) => {
  const f = makeFixture(t);
  const exclude = join(f.root, '.git/info/exclude');
  f.write('.git/info/exclude', '# no line end');
  const linked = join(f.base, 'linked');
  f.git('worktree', 'add', '--quiet', linked);
  await excludeFromStatus(linked, effort());
  await excludeFromStatus(f.root, effort());
  assert.equal(
    readFileSync(exclude, 'utf8'),
    '# no line end\n/.pm2-gitops/\n/gitops.json\n/gitops.signers\n',
  );
  f.write('gitops.json', '{}');
  assert.equal(f.git('status', '--porcelain'), '');
});

test('the trail of HEAD tells which commit was there when', async (t) => {
  const f = makeFixture(t);
  f.git('checkout', '--quiet', 'v2');
  const trail = await headTrail(f.root, effort());
  assert.deepEqual(
    trail.map(({ commit }) => commit),
    [f.v1, f.v2],
  );
  assert.ok(trail.every(({ at }) => Math.abs(at - Date.now()) < 60_000));
});

test('a reflog with odd names and a torn last line is parsed', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
  const text = `${a} ${b} O'Neil <x> <o@x.io> 1700000000 +0200\tcheckout: moving\n${b} ${a.slice(0, 12)}`;
  assert.deepEqual(parseReflog(text), [{ commit: b, at: 1_700_000_000_000 }]);
});

test('an environment that redirects git is of no effect', async (t) => {
  const f = makeFixture(t);
  const env = {
    ...effort().env,
    GIT_DIR: join(f.base, 'origin/.git'),
    EDITOR: 'false',
    GIT_CONFIG_COUNT: '1',
  };
  assert.equal((await inspectCheckout(f.root, { ...effort(), env }))?.commit, f.v1);
});

test('a machine without git and a cancelled run are told by name', async (t) => {
  const f = makeFixture(t);
  const env = { ...effort().env, PATH: f.base };
  await assert.rejects(inspectCheckout(f.root, { ...effort(), env }), (error) =>
    isGitOpsError(error, 'GIT_MISSING'),
  );
  writeFileSync(join(f.base, 'git'), 'no program');
  await assert.rejects(inspectCheckout(f.root, { ...effort(), env }), (error) =>
    isGitOpsError(error, 'SYSTEM_FAILED'),
  );
  const signal = AbortSignal.abort();
  await assert.rejects(inspectCheckout(f.root, { ...effort(), signal }), (error) =>
    isGitOpsError(error, 'ABORTED'),
  );
});
