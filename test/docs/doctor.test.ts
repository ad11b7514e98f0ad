import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { CHECKS } from '../../src/domain/doctor/catalogue.js';

const PROJECT = join(import.meta.dirname, '../../..');

/** The rows of the page's tables, each as its cells. */
async function rows(): Promise<string[][]> {
  const text = await readFile(join(PROJECT, 'docs', 'doctor.md'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '').replace(/ *\|$/, '').trim()));
}

test('the page on doctor has each check, in order, with what it means, its mend, and whether --fix does it', async () => {
  const told = Object.entries(CHECKS).map(([id, { means, fix }]) => [`\`${id}\``, means, fix ? 'yes' : 'no']);
  const found = await rows();
  assert.deepEqual(
    found.map(([id, means, , fix]) => [id, means, fix]),
    told,
  );
  assert.ok(found.every(([, , mend]) => (mend ?? '').length > 3));
});

test('each check is told by the source', async () => {
  const folders = ['src/agent/doctor', 'src/domain/doctor'].map((folder) => join(PROJECT, folder));
  const files = (
    await Promise.all(
      folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
    )
  ).flat();
  const texts = await Promise.all(
    files.filter((file) => !file.endsWith('catalogue.ts')).map((file) => readFile(file, 'utf8')),
  );
  const untold = Object.keys(CHECKS).filter((id) => !texts.some((text) => text.includes(`'${id}'`)));
  assert.deepEqual(untold, []);
});
