import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { parentOf, startTimeOf } from '../../src/os/proc-linux.js';
import { ownFolder } from '../folder.js';

test('a process is known by its parent and its start, whatever its name', async (context) => {
  if (process.platform !== 'linux') {
    context.skip('only Linux tells');
    return;
  }
  const program = join(await ownFolder(context), 'a) b (c');
  await copyFile('/bin/sleep', program);
  const child = spawn(program, ['60']);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  assert.equal(parentOf(pid), process.pid);
  const start = startTimeOf(pid);
  assert.match(start ?? '', /^\d+$/);
  assert.notEqual(start, startTimeOf(process.pid));
  child.kill();
  await once(child, 'exit');
  assert.deepEqual([parentOf(pid), startTimeOf(pid)], [null, null]);
});
