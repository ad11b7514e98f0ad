import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { appendRotating } from '../../src/os/rotating-file.js';
import { ownFolder } from '../folder.js';

test('a file that has become too long makes way, and the oldest goes', async (context) => {
  const folder = await ownFolder(context);
  const path = join(folder, 'poller.log');
  for (let n = 0; n < 9; n++) appendRotating(path, `${n}\n`, { maxBytes: 4, keep: 3 });
  assert.deepEqual((await readdir(folder)).sort(), ['poller.log', 'poller.log.1', 'poller.log.2']);
  const texts = ['.2', '.1', ''].map((end) => readFile(`${path}${end}`, 'utf8'));
  assert.deepEqual(await Promise.all(texts), ['4\n5\n', '6\n7\n', '8\n']);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a line that is longer than a file may be is kept whole', async (context) => {
  const path = join(await ownFolder(context), 'poller.log');
  for (const line of ['a'.repeat(9), 'b']) appendRotating(path, line, { maxBytes: 4, keep: 2 });
  assert.equal(await readFile(path, 'utf8'), 'b');
  assert.equal(await readFile(`${path}.1`, 'utf8'), 'a'.repeat(9));
});
