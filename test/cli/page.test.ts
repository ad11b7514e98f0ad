import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { ownFolder } from '../folder.js';
import { bareRoot, runCli, startCli, taggedRepository } from './program.js';

const LIMIT = { timeout: 60_000 };

test('page prints its address, serves until it is interrupted, and ends well', LIMIT, async (t) => {
  const child = startCli(await bareRoot(t, 'https://h/a.git'), ['page', '--port', '0']);
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let said = '';
  while (!said.endsWith('\n')) said += String((await once(child.stdout ?? child, 'data'))[0]);
  assert.match(said, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/\n$/);
  assert.match(await (await fetch(said.trim())).text(), /Nothing serves yet/);
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
});

test(
  'page says which port cannot be had, and which root is none, before it serves anything',
  LIMIT,
  async (t) => {
    const root = await bareRoot(t, 'https://h/a.git');
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const taken = await runCli(root, ['page', '--port', port]);
    assert.deepEqual([taken.code, taken.stdout], [2, '']);
    assert.match(taken.stderr, new RegExp(`port ${port} cannot be had[^]*name another one, or 0`));
    assert.equal((await runCli(root, ['page', '--port', '65536'])).code, 2);
    const none = await runCli(root, ['page', '--root', root, await ownFolder(t)]);
    assert.deepEqual([none.code, none.stdout], [2, '']);
  },
);

test('outside of any root the page is of all of them', LIMIT, async (t) => {
  const home = await ownFolder(t);
  assert.equal((await runCli(home, ['page', '--out', 'page.html'])).code, 2);
  const repository = await taggedRepository(t);
  for (const name of ['blog', 'shop']) {
    const root = join(home, name);
    await mkdir(root);
    assert.equal((await runCli(root, ['init', repository], { home })).code, 0);
  }
  assert.equal((await runCli(home, ['page', '--out', 'page.html'])).code, 0);
  assert.match(await readFile(join(home, 'page.html'), 'utf8'), /<title>blog: .*; shop: .*<\/title>/);
});
