import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { readKnownRoots, writeKnownRoot } from '../../src/state/known-roots.js';
import { ownFolder } from '../folder.js';

test('roots that many write at once are all known, each once', async (context) => {
  const register = join(await ownFolder(context), 'state', 'roots');
  assert.deepEqual(await readKnownRoots(register), []);
  const roots = Array.from({ length: 20 }, (_, index) => `/srv/${String(index).padStart(2, '0')}`);
  await Promise.all([...roots, ...roots].map((root) => writeKnownRoot(register, root)));
  assert.deepEqual(
    (await readKnownRoots(register)).map(({ root }) => root),
    roots,
  );
  assert.equal((await readdir(register)).length, roots.length);
});

test('a file of the register that cannot be read costs only itself, and the next one who writes mends it', async (context) => {
  const register = join(await ownFolder(context), 'roots');
  for (const root of ['/srv/a', '/srv/b']) await writeKnownRoot(register, root);
  const [a] = await readKnownRoots(register);
  assert.ok(a);
  await writeFile(a.file, '{"schema":1,"ro');
  await writeFile(join(register, 'notes.txt'), 'not ours');
  const known = async (): Promise<string[]> => (await readKnownRoots(register)).map(({ root }) => root);
  assert.deepEqual(await known(), ['/srv/b']);
  await writeKnownRoot(register, '/srv/a');
  assert.deepEqual(await known(), ['/srv/a', '/srv/b']);
  await rm(a.file);
  assert.deepEqual(await known(), ['/srv/b']);
});
