import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { execa } from 'execa';
import {
  appendDurably,
  exists,
  hasErrno,
  makePrivateFolder,
  readTextIfAny,
  syncFolder,
  translateDiskError,
  writeDurably,
} from '../../src/os/files.js';
import { ownFolder } from '../folder.js';

test('a file is replaced whole, for its owner only, and nothing else is left', async (context) => {
  const folder = await ownFolder(context);
  const path = join(folder, 'a');
  await writeDurably(path, 'old');
  await writeDurably(path, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['a']);
});

test('many writes at once: each file is whole, and nothing else is left', async (context) => {
  const folder = await ownFolder(context);
  const writes = Array.from({ length: 200 }, (_, n) =>
    writeDurably(join(folder, `f${n % 50}`), `text ${n % 50}`),
  );
  await Promise.all(writes);
  const names = await readdir(folder);
  assert.equal(names.length, 50);
  for (const name of names) assert.equal(await readFile(join(folder, name), 'utf8'), `text ${name.slice(1)}`);
});

test('a write that fails leaves the old text, and no temporary file', async (context) => {
  const folder = await ownFolder(context);
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'a', 'inside'), '');
  await assert.rejects(writeDurably(join(folder, 'a'), 'new'));
  assert.deepEqual(await readdir(folder), ['a']);
  await assert.rejects(writeDurably(join(folder, 'gone', 'b'), 'new'), { code: 'ENOENT' });
});

test(
  'what is no plain file is not waited for, nor read without end',
  { skip: process.platform === 'win32' },
  async (context) => {
    const folder = await ownFolder(context);
    await execa('mkfifo', [join(folder, 'pipe')]);
    await symlink('/dev/zero', join(folder, 'endless'));
    for (const name of ['pipe', 'endless'])
      await assert.rejects(readTextIfAny(join(folder, name)), {
        code: 'SYSTEM_FAILED',
        message: /is no plain file$/,
      });
    assert.equal(await readTextIfAny(join(folder, 'gone')), null);
    await assert.rejects(readTextIfAny(folder), { code: 'EISDIR' });
  },
);

test('lines are appended in order', async (context) => {
  const path = join(await ownFolder(context), 'a');
  for (const line of ['one\n', 'two\n']) await appendDurably(path, line);
  assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n');
});

test('a full and a read-only disk are told with the file and the mend; anything else comes back as it is', async () => {
  const errno = (code: string): Error => Object.assign(new Error(code), { code });
  const table: [string, string][] = [
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EROFS', 'DISK_READONLY'],
  ];
  for (const [system, ours] of table)
    assert.throws(
      () => {
        throw translateDiskError(errno(system), '/srv/a');
      },
      { code: ours, message: /\/srv\/a/ },
    );
  const other = errno('EACCES');
  assert.equal(translateDiskError(other, 'x'), other);
  assert.equal(translateDiskError('text', 'x'), 'text');
  assert.ok(
    hasErrno(other, 'ENOENT', 'EACCES') && !hasErrno(other, 'ENOENT') && !hasErrno('EACCES', 'EACCES'),
  );
  if (await exists('/dev/full')) await assert.rejects(appendDurably('/dev/full', 'x'), { code: 'DISK_FULL' });
});

test('what is not there is null; what cannot be read is an error', async (context) => {
  const folder = await ownFolder(context);
  await writeFile(join(folder, 'a'), 'text');
  assert.equal(await readTextIfAny(join(folder, 'a')), 'text');
  assert.equal(await readTextIfAny(join(folder, 'b')), null);
  assert.equal(await readTextIfAny(join(folder, 'a', 'b')), null);
  await assert.rejects(readTextIfAny(folder), { code: 'EISDIR' });
  await symlink('nowhere', join(folder, 'dangling'));
  assert.equal(await exists(join(folder, 'dangling')), true);
  assert.equal(await exists(join(folder, 'b')), false);
});

test('a private folder is made with its parents, and a link in its place is refused', async (context) => {
  const folder = await ownFolder(context);
  const path = join(folder, 'a', 'b');
  await makePrivateFolder(path);
  await makePrivateFolder(path);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  await symlink(path, join(folder, 'link'));
  await assert.rejects(makePrivateFolder(join(folder, 'link')), { code: 'STATE_UNSAFE' });
  await symlink('nowhere', join(folder, 'dangling'));
  await assert.rejects(makePrivateFolder(join(folder, 'dangling')), { code: 'STATE_UNSAFE' });
  await syncFolder(path);
  await chmod(path, 0o700);
});

test('a private folder that others could enter is closed', async (context) => {
  const path = join(await ownFolder(context), 'a');
  await mkdir(path);
  await chmod(path, 0o777);
  await makePrivateFolder(path);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
});

test("a private folder that is somebody else's is refused, unless root works for its owner", async (context) => {
  if (process.getuid?.() !== 0) {
    context.skip('only root can give folders away');
    return;
  }
  const folder = await ownFolder(context);
  const path = join(folder, 'a');
  await mkdir(path);
  await chown(path, 65_534, 65_534);
  await assert.rejects(makePrivateFolder(path), { code: 'STATE_UNSAFE', message: /uid 65534/ });
  await chown(folder, 65_534, 65_534);
  await makePrivateFolder(path);
});

test('what cannot be looked at is not taken for missing', async (context) => {
  const folder = await ownFolder(context);
  await writeFile(join(folder, 'a'), '');
  assert.equal(await exists(join(folder, 'a', 'b')), false);
  await assert.rejects(exists(join(folder, 'x'.repeat(300))), { code: 'ENAMETOOLONG' });
});

test('a file that is replaced keeps its mode', async (context) => {
  const path = join(await ownFolder(context), 'a');
  await writeFile(path, 'old');
  await chmod(path, 0o644);
  await writeDurably(path, 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o644);
});

test("what root makes in another user's folder is that user's", async (context) => {
  if (process.getuid?.() !== 0) {
    context.skip('only root can give files away');
    return;
  }
  const folder = await ownFolder(context);
  const uid = 65_534;
  await chown(folder, uid, uid);
  await writeDurably(join(folder, 'a'), 'x');
  await appendDurably(join(folder, 'b'), 'x\n');
  await makePrivateFolder(join(folder, 'c'));
  await writeDurably(join(folder, 'c', 'd'), 'x');
  for (const name of ['a', 'b', 'c', join('c', 'd')])
    assert.equal((await stat(join(folder, name))).uid, uid, name);
});
