import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { LogTail } from '../../src/agent/log-tail.js';
import { ownFolder } from '../folder.js';

test('every line of a growing log is handed out once, when it is whole', async (context) => {
  const path = join(await ownFolder(context), 'log.txt');
  const told: string[] = [];
  const tail = new LogTail(({ kind, text }) => told.push(`${kind} ${text}`));
  await tail.read(path);
  assert.deepEqual(told, [], 'there is no log yet');
  await writeFile(path, '2026-01-01T00:00:00.000Z * fetch ünï\n2026-01-01T00:00:00.000Z | rem');
  await tail.read(path);
  await tail.read(path);
  assert.deepEqual(told, ['step fetch ünï']);
  await appendFile(path, 'ote: 漢字\nno line of ours\n2026-01-01T00:00:00.000Z * end\n');
  await tail.read(path);
  assert.deepEqual(told, ['step fetch ünï', 'output remote: 漢字', 'step end']);
});

test('another log is read from its beginning', async (context) => {
  const folder = await ownFolder(context);
  const told: string[] = [];
  const tail = new LogTail(({ text }) => told.push(text));
  for (const name of ['a', 'b']) {
    await writeFile(join(folder, name), `2026-01-01T00:00:00.000Z * ${name}\n`);
    await tail.read(join(folder, name));
  }
  assert.deepEqual(told, ['a', 'b']);
});

test('a log that is come back to is not told again', async (context) => {
  const folder = await ownFolder(context);
  const told: string[] = [];
  const tail = new LogTail(({ text }) => told.push(text));
  await writeFile(join(folder, 'a'), '2026-01-01T00:00:00.000Z * staged\n');
  await tail.read(join(folder, 'a'));
  await tail.read(join(folder, 'none'));
  await appendFile(join(folder, 'a'), '2026-01-01T00:00:00.000Z * healthy\n');
  await tail.read(join(folder, 'a'));
  assert.deepEqual(told, ['staged', 'healthy']);
});
