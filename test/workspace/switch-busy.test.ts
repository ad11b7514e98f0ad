import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isGitOpsError } from '../../src/domain/errors.js';
import { systemClock, type Clock } from '../../src/os/clock.js';
import { checkDirty, moveBack, moveCheckout, readLive } from '../../src/workspace/switch-checkout.js';
import { effort, makeFixture, snapshot, type Fixture } from './checkout-fixture.js';

const onlyLinux = { skip: process.platform !== 'linux' };

/** Somebody's git lives in the checkout and holds the index, as `git commit -a` does while its editor is open. */
async function occupy(t: test.TestContext, { root }: Fixture): Promise<string> {
  const living = spawn('git', ['cat-file', '--batch'], { cwd: root, stdio: ['pipe', 'ignore', 'ignore'] });
  await once(living, 'spawn');
  const lock = join(root, '.git', 'index.lock');
  t.after(() => {
    living.stdin.end();
    rmSync(lock, { force: true });
  });
  writeFileSync(lock, '');
  return lock;
}

/** A clock on which every wait is over at once. */
function hurried(): Clock {
  let ms = 0;
  const sleep = (waitMs: number): Promise<void> => {
    ms += waitMs;
    return Promise.resolve();
  };
  return { ...systemClock(), monotonicMs: () => ms, sleep };
}

const busyNaming = (lock: string) => (error: unknown) =>
  isGitOpsError(error, 'TREE_BUSY') && error.hint?.includes(lock) === true;

test('a checkout in which another git works is left as it is, and so is its lock', onlyLinux, async (t) => {
  const f = makeFixture(t);
  const before = [snapshot(f.root), f.git('for-each-ref')];
  const lock = await occupy(t, f);
  await assert.rejects(moveCheckout(f.move, { ...effort(), clock: hurried() }), busyNaming(lock));
  assert.deepEqual([snapshot(f.root), f.git('for-each-ref')], before);
  assert.equal(await readLive(f.state), null);
  assert.ok(existsSync(lock) && !existsSync(join(f.state, 'kept')));
});

test('the way back waits for another git, too', onlyLinux, async (t) => {
  const f = makeFixture(t);
  await moveCheckout(f.move, effort());
  const before = snapshot(f.root);
  const lock = await occupy(t, f);
  await assert.rejects(moveBack(f.back, { ...effort(), clock: hurried() }), busyNaming(lock));
  assert.deepEqual(snapshot(f.root), before);
  rmSync(lock);
  await moveBack(f.back, effort());
  assert.equal(f.git('rev-parse', 'HEAD'), f.v1);
});

test('who only asks, or has nothing left to do, needs no lock', onlyLinux, async (t) => {
  const f = makeFixture(t);
  f.write('app.js', 'mine\n');
  const lock = await occupy(t, f);
  assert.deepEqual(await checkDirty(f.move, effort()), ['app.js']);
  assert.deepEqual(await moveBack(f.back, { ...effort(), clock: hurried() }), []);
  rmSync(lock);
  f.git('checkout', '--quiet', 'app.js');
  await moveCheckout(f.move, effort());
  writeFileSync(lock, '');
  assert.deepEqual(await moveCheckout(f.move, { ...effort(), clock: hurried() }), []);
});
