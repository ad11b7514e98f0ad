import assert from 'node:assert/strict';
import test from 'node:test';
import { followWorker } from '../../src/agent/follow.js';
import type { Clock } from '../../src/os/clock.js';
import { tryLock } from '../../src/state/lock.js';
import { ownRoot } from './place.js';

const HOLDER = { pid: 1, startedAt: 1, run: 'r' };
const watch = { onLine: () => undefined, signal: new AbortController().signal };

/** A clock whose sleeps take no time; `atMs` is told each moment that is slept to. */
function quickClock(atMs: (now: number) => void): Clock & { readonly sleptMs: () => number } {
  let now = 0;
  return {
    now: () => now,
    monotonicMs: () => now,
    sleptMs: () => now,
    sleep: (ms) => {
      atMs((now += ms));
      return Promise.resolve();
    },
  };
}

test('a worker has time to load itself, and one that has begun is missed soon after it died', async (context) => {
  const root = await ownRoot(context);
  const never = quickClock(() => undefined);
  const host = { ...root.host, clock: never };
  assert.equal((await followWorker({ ...root, host }, 'r', watch)).kind, 'crashed');
  assert.ok(never.sleptMs() > 15_000 && never.sleptMs() < 30_000, `${never.sleptMs()}`);

  const lock = await tryLock(root.layout.upgradeLock, HOLDER);
  const dies = quickClock((now) => {
    if (now === 1_000) lock?.release();
  });
  const answer = await followWorker({ ...root, host: { ...host, clock: dies } }, 'r', watch);
  assert.equal(answer.problem, 'the worker ended without a word');
  assert.ok(dies.sleptMs() < 8_000, `${dies.sleptMs()}`);
});
