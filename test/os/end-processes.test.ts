import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { signalAll } from '../../src/os/end-processes.js';
import { startTimeOf } from '../../src/os/proc-linux.js';
import { listSystem } from '../../src/os/system-linux.js';

const LINUX = { skip: process.platform === 'linux' ? false : 'only Linux tells start times' };

test('only the very process is signalled, never one that has its pid now', LINUX, async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], {
    stdio: 'ignore',
    env: { SEEN: 'yes', HIDDEN: 'no' },
  });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const ended = once(child, 'exit');
  assert.equal(signalAll([{ pid, born: '1' }], 'SIGKILL'), 0);
  const seen = (await listSystem(['SEEN'], Date.now()))?.find((each) => each.pid === pid);
  assert.deepEqual(
    [seen?.parent, seen?.born, seen?.variables],
    [process.pid, startTimeOf(pid), new Map([['SEEN', 'yes']])],
  );
  assert.ok(Math.abs((seen?.since ?? 0) - Date.now()) < 60_000);
  assert.equal(signalAll([{ pid, born: seen?.born ?? '' }], 'SIGKILL'), 1);
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert.equal(signalAll([{ pid, born: seen?.born ?? '' }], 'SIGKILL'), 0);
});
