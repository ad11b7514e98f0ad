import assert from 'node:assert/strict';
import { appendFile, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { readTextIfAny } from '../../src/os/files.js';
import { readOnce, rememberFile } from '../../src/os/read-once.js';
import { waitFor } from '../bed/wait.js';
import { ownFolder } from '../folder.js';

test('a file at rest is read once; one that was replaced, written to or removed is not believed', async (t) => {
  const path = join(await ownFolder(t), 'record.json');
  let reads = 0;
  const read = readOnce(async (file) => {
    reads += 1;
    return readTextIfAny(file);
  });
  assert.equal(await read(path), null);
  await writeFile(path, 'one');
  for (let again = 0; again < 3; again += 1) assert.equal(await read(path), 'one');
  assert.equal(reads, 1);
  const times = new Date(0);
  await writeFile(`${path}.new`, 'two');
  await utimes(`${path}.new`, times, times);
  await rename(`${path}.new`, path);
  assert.equal(await read(path), 'two');
  await appendFile(path, '!');
  assert.equal(await read(path), 'two!');
  await rm(path);
  assert.equal(await read(path), null);
});

test('what a folder holds is believed only once it is at rest: its clock counts in steps', async (t) => {
  const folder = await ownFolder(t);
  let reads = 0;
  const read = readOnce(async (path) => {
    reads += 1;
    return readdir(path);
  });
  for (const name of ['one', 'two', 'three']) {
    await writeFile(join(folder, name), '');
    assert.ok((await read(folder))?.includes(name));
  }
  assert.equal(reads, 3);
  await waitFor('it to be at rest', async () => {
    const before = reads;
    await read(folder);
    return reads === before;
  });
  await writeFile(join(folder, 'four'), '');
  assert.equal((await read(folder))?.length, 4);
});

test('a file that people write to in place is believed once it is at rest; what its only writer keeps is not read again', async (t) => {
  const path = join(await ownFolder(t), 'gitops.json');
  let reads = 0;
  const file = rememberFile(
    async (at) => {
      reads += 1;
      return readTextIfAny(at);
    },
    { changes: 'inPlace' },
  );
  await writeFile(path, 'one');
  assert.deepEqual([await file.read(path), await file.read(path), reads], ['one', 'one', 2]);
  await waitFor('it to be at rest', async () => {
    const before = reads;
    await file.read(path);
    return reads === before;
  });
  const record = rememberFile(readTextIfAny);
  await writeFile(path, 'two');
  record.keep(path, 'what was written');
  assert.equal(await record.read(path), 'what was written');
  await writeFile(path, 'three');
  assert.equal(await record.read(path), 'three');
});
