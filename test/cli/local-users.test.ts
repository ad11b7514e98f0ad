import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { execa } from 'execa';
import * as v from 'valibot';
import { ownFolder } from '../folder.js';
import { bareRoot, runCli, taggedRepository } from './program.js';

const POSIX = { skip: process.platform === 'win32' ? 'Windows has no such rights' : false, timeout: 120_000 };
const AS_ROOT = { ...POSIX, skip: process.getuid?.() === 0 ? false : 'only root can give a file away' };
const NOBODY = 65_534;

const Checks = v.object({
  checks: v.array(v.object({ name: v.string(), level: v.string(), detail: v.string() })),
});

async function privacyOf(root: string): Promise<string[]> {
  const { checks } = v.parse(Checks, JSON.parse((await runCli(root, ['doctor', '--json'])).stdout));
  return checks.filter(({ name }) => name === 'privacy').map(({ level, detail }) => `${level}: ${detail}`);
}

test('whatever the umask: nobody else reads or writes what is ours', POSIX, async (t) => {
  const root = await bareRoot(t, await taggedRepository(t));
  const before = process.umask(0);
  try {
    for (const args of [['hold', '--reason', 'x'], ['status'], ['doctor']]) await runCli(root, args);
  } finally {
    process.umask(before);
  }
  const state = join(root, '.pm2-gitops');
  assert.equal((await stat(state)).mode & 0o777, 0o700);
  const names = await readdir(state, { recursive: true });
  assert.ok(names.length >= 4, names.join());
  for (const name of names) assert.equal((await stat(join(state, name))).mode & 0o077, 0, name);
});

test('what another user could have written is not done', AS_ROOT, async (t) => {
  const root = await bareRoot(t, await taggedRepository(t));
  const config = join(root, 'gitops.json');
  const state = join(root, '.pm2-gitops');
  await chown(config, NOBODY, NOBODY);
  const foreign = await runCli(root, ['status']);
  assert.deepEqual(
    [foreign.code, foreign.stderr.includes('gitops.json belongs to another user (uid 65534)')],
    [2, true],
  );
  await chown(root, NOBODY, NOBODY); // now root works for that user
  assert.equal((await runCli(root, ['status'])).code, 0);
  await chown(root, 0, 0);
  await chown(config, 0, 0);
  await chown(state, NOBODY, NOBODY);
  assert.match((await runCli(root, ['status'])).stderr, /\.pm2-gitops belongs to another user/);
});

test(
  'what everybody may write is refused, what a group may is told, and so is a token that others may read',
  POSIX,
  async (t) => {
    const root = await bareRoot(t, await taggedRepository(t));
    const [config, token] = [join(root, 'gitops.json'), join(root, 'token')];
    await writeFile(token, 's3cret\n', { mode: 0o644 });
    await writeFile(
      config,
      JSON.stringify({
        repository: 'https://h.invalid/a',
        strategy: 'releases',
        credentials: { file: token },
      }),
    );
    await chmod(config, 0o666);
    const refused = await runCli(root, ['status']);
    assert.deepEqual(
      [refused.code, /may be written by everybody on this machine\n.*chmod o-w/.test(refused.stderr)],
      [2, true],
    );
    await chmod(config, 0o600);
    assert.deepEqual(await privacyOf(root), [`warning: ${token} holds a token, and others may read it`]);
    await chmod(token, 0o600);
    assert.deepEqual(await privacyOf(root), ['ok: no other user of this machine can change the root']);
    await chmod(root, 0o777);
    assert.match((await privacyOf(root)).join(), /^problem: \S+ may be written by everybody: whoever/);
    if (process.getuid?.() !== 0) return;
    await chown(root, 0, NOBODY);
    await chmod(root, 0o775);
    assert.match((await privacyOf(root)).join(), /^warning: \S+ may be written by its group: whoever/);
  },
);

test('a state folder that is a link is neither believed nor written through', POSIX, async (t) => {
  const root = await bareRoot(t, await taggedRepository(t));
  const elsewhere = await ownFolder(t);
  await runCli(root, ['hold']);
  await rename(join(root, '.pm2-gitops'), join(elsewhere, 'state'));
  await symlink(join(elsewhere, 'state'), join(root, '.pm2-gitops'));
  for (const verb of ['status', 'apply', 'resume', 'doctor', 'logs']) {
    const { code, stderr } = await runCli(root, [verb]);
    assert.deepEqual([code, stderr.includes('.pm2-gitops is a symbolic link')], [2, true], verb);
  }
  await rm(join(root, 'gitops.json'));
  const { stderr } = await runCli(root, ['init', await taggedRepository(t), '--yes']);
  assert.match(stderr, /is a symbolic link/);
});

test('a pipe in the place of a file is told, not waited for', POSIX, async (t) => {
  const root = await bareRoot(t, await taggedRepository(t));
  await runCli(root, ['doctor']);
  for (const name of [
    '.pm2-gitops/orders.json',
    '.pm2-gitops/journal.jsonl',
    '.pm2-gitops/observed.json',
    'gitops.json',
  ]) {
    const path = join(root, name);
    await rm(path, { force: true });
    await execa('mkfifo', [path]);
    for (const verb of ['status', 'apply']) {
      const { code, stderr } = await runCli(root, [verb]);
      assert.ok(code !== null && code !== 0, `${name}: ${verb} had to be ended`);
      assert.match(stderr, new RegExp(`${name.replaceAll('.', '\\.')} is no plain file\n`));
    }
    if (name !== 'gitops.json') await rm(path);
  }
});

test('a gitops.json that a release brings is no root, wherever somebody stands', POSIX, async (t) => {
  const root = await bareRoot(t, await taggedRepository(t));
  for (const folder of ['releases/v1.0.0-0101010/sub', '.pm2-gitops/stage/r/tree']) {
    const inside = join(root, folder);
    await mkdir(inside, { recursive: true });
    await writeFile(join(inside, 'gitops.json'), JSON.stringify({ repository: 'https://evil.invalid/a' }));
    const { stdout } = await runCli(inside, ['status', '--json']);
    assert.equal(v.parse(v.object({ root: v.string() }), JSON.parse(stdout)).root, root);
  }
});
