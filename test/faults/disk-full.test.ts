import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ONLY_LONG } from '../bed/budget.js';
import { FILL, mebibytes, NO_DISK } from '../bed/small-disk.js';
import { QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';
import { servingOnDisk } from './serving.js';

const LIMIT = { timeout: 300_000, skip: NO_DISK };
const VARIANT = { ...LIMIT, skip: NO_DISK || ONLY_LONG };
const BUSY = 75;
const STRATEGIES = ['releases', 'checkout'] as const;

/** Runs `apply` and makes sure that it touched nothing: no process, no active release, no quarantine, no attempt left behind. */
async function failsAndTouchesNothing(scene: Scene, code: number): Promise<string> {
  const [starts, { active }] = [await scene.machine.starts(), await scene.status()];
  // On a full disk a poll has a worker look for what can be pruned: it may be at it still.
  const applied = await waitFor('nobody else to be at work', async () => {
    const outcome = await scene.cli(['apply']);
    return outcome.code === BUSY ? null : outcome;
  });
  assert.equal(applied.code, code, applied.stderr);
  const status = await scene.status();
  assert.deepEqual([status.phase, status.active, status.quarantine], ['idle', active, []]);
  assert.deepEqual(await scene.machine.starts(), starts);
  assert.deepEqual(await leftovers(scene), []);
  return applied.stderr;
}

async function leftovers({ root }: Scene): Promise<string[]> {
  const state = join(root, '.pm2-gitops');
  const found = await readdir(state, { recursive: true });
  return found.filter(
    (path) =>
      /^(stage|trash|aside)\/|\.tmp$|tmp_(pack|idx)|\.lock$/.test(path) &&
      !/^(upgrade|poll)\.lock$/.test(path),
  );
}

for (const strategy of STRATEGIES) {
  const limit = strategy === 'releases' ? LIMIT : VARIANT;
  test(`a full disk before the root is touched: ${strategy}`, limit, async (t) => {
    const scene = await servingOnDisk(t, strategy, 96);
    const { disk, machine, remote } = scene;
    await scene.release('v1.1.0');

    await t.test('poll: it does not look in vain, says so, and goes on when there is room', async () => {
      await disk.fill();
      const [looks, starts] = [remote.counts.lsRefs, await machine.starts()];
      await scene.check(2);
      assert.deepEqual([remote.counts.lsRefs, await machine.starts()], [looks, starts]);
      // A poll has a worker look for what can be pruned, which has the reserve to itself for a moment.
      const { why, behind } = await waitFor('a status without anybody at work', async () => {
        const status = await scene.status();
        return status.why === null ? null : status;
      });
      assert.deepEqual([why?.reason, behind], ['backoff', false]);
      assert.match(why?.detail ?? '', /has 0(\.\d)? MiB free, and 16 MiB are needed: free some space/);
      assert.match(await failsAndTouchesNothing(scene, 3), /0(\.\d)? MiB free/);
    });

    await t.test(
      'S32: blocked before anything is touched, with what is free and what is needed',
      async () => {
        await disk.fill({ but: mebibytes(8) });
        const last = (await scene.status()).lastRun?.id;
        assert.match(
          await failsAndTouchesNothing(scene, 3),
          /blocked: .* has [678](\.\d)? MiB free, and 16(\.\d)? MiB are needed/,
        );
        const { why, desired, lastRun } = await scene.status();
        assert.deepEqual([why?.reason, desired?.tag, lastRun?.id], ['backoff', 'v1.1.0', last]);
        assert.match(why?.detail ?? '', /MiB are needed/);
        assert.ok(why?.until != null, 'it says when it tries again');
      },
    );

    await t.test('fetch: the attempt ends, half a pack is no leftover', async () => {
      await disk.empty();
      await scene.release('v1.1.1', {}, { 'noise.txt': randomBytes(3_000_000).toString('base64') });
      await machine
        .tool('git')
        .fault({ when: '*--progress*', first: FILL.replaceAll('$GITOPS_ROOT', scene.root) });
      assert.match(await failsAndTouchesNothing(scene, 4), /no space left/);
      await machine.tool('git').fault(null);
    });

    await t.test('stage: a build that does not fit ends the attempt', async () => {
      await disk.empty();
      await scene.release('v1.1.2', { gitops: { ...QUICK, build: `${FILL}; false` } }, { 'noise.txt': null });
      assert.match(await failsAndTouchesNothing(scene, 4), /no space left/);
      assert.equal((await scene.status()).why?.reason, 'backoff');
    });

    await t.test('staged: what would fill up in the middle of the switch does not begin it', async () => {
      await disk.empty();
      await scene.release('v1.1.3', { gitops: { ...QUICK, hooks: { afterStage: FILL } } });
      const starts = await machine.starts();
      const { code, stderr } = await scene.cli(['apply']);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /blocked: .* 0(\.\d)? MiB free, and 16(\.\d)? MiB are needed/);
      const status = await scene.status();
      assert.deepEqual(
        [status.staged?.tag, status.active?.tag, await machine.starts()],
        ['v1.1.3', 'v1.0.0', starts],
      );
    });

    await disk.empty();
    await scene.release('v1.2.0');
    await scene.cliMust(['apply']);
    assert.deepEqual(await scene.versions(), ['v1.2.0'], 'with room again it converges');

    await t.test(
      'a release that is kept on disk needs no room for a new one: back, and there again',
      async () => {
        await disk.fill({ but: mebibytes(8) });
        await scene.cliMust(['rollback']);
        assert.deepEqual(await scene.versions(), ['v1.0.0']);
        await scene.cliMust(['pin', 'v1.2.0']);
        await scene.cliMust(['apply']);
        assert.deepEqual(
          [await scene.versions(), (await scene.status()).active?.tag],
          [['v1.2.0'], 'v1.2.0'],
        );
      },
    );
  });
}

test(
  'S32: twenty failures for want of room leave nothing, and the disk does not grow',
  VARIANT,
  async (t) => {
    const scene = await servingOnDisk(t, 'releases', 96);
    await scene.release('v1.1.0', { gitops: { ...QUICK, build: `${FILL}; false` } });
    await failsAndTouchesNothing(scene, 4);
    await scene.disk.empty();
    const before = scene.disk.used;
    for (let n = 0; n < 19; n += 1) {
      assert.equal((await scene.cli(['apply'])).code, 4);
      await scene.disk.empty();
    }
    await failsAndTouchesNothing(scene, 4);
    await scene.disk.empty();
    const grown = scene.disk.used - before;
    assert.ok(grown < mebibytes(1), `the records of twenty runs take ${grown} bytes`);
  },
);

test('a disk that is full from the switch on: releases', LIMIT, async (t) => {
  const scene = await servingOnDisk(t, 'releases', 96);
  const { disk } = scene;

  await t.test('switch, restart, prove and commit need no room but the reserve', async () => {
    await scene.release('v1.1.0', { gitops: { ...QUICK, hooks: { beforeActivate: FILL } } });
    await scene.cliMust(['apply']);
    assert.ok(disk.free < mebibytes(2), 'it was full all the time');
    const status = await scene.status();
    assert.deepEqual(
      [status.active?.tag, status.lastRun?.outcome, await scene.versions()],
      ['v1.1.0', 'activated', ['v1.1.0']],
    );
  });

  await t.test('a release that crashes then is rolled back all the same', async () => {
    await disk.empty();
    await scene.release('v1.2.0', {
      variant: 'crashes at start',
      gitops: { ...QUICK, hooks: { beforeActivate: FILL } },
    });
    const { code, stderr } = await scene.cli(['apply']);
    assert.equal(code, 4, stderr);
    await scene.everywhere('v1.1.0');
    const status = await scene.status();
    assert.deepEqual(
      [status.phase, status.lastRun?.outcome, status.quarantine.map(({ tag }) => tag)],
      ['idle', 'rolledBack', ['v1.2.0']],
    );
  });

  await t.test(
    'prune: old releases go first when the disk is short, but for the active and the previous one',
    async () => {
      await disk.empty();
      const noise = { 'noise.txt': 'x'.repeat(mebibytes(8)) };
      for (const tag of ['v1.4.0', 'v1.5.0', 'v1.6.0']) {
        await scene.release(tag, {}, noise);
        await scene.cliMust(['apply']);
      }
      await disk.fill({ but: mebibytes(20) });
      await scene.release('v1.7.0', {}, noise);
      // Without the 8 MiB of v1.4.0 there would be too little.
      await scene.cliMust(['apply']);
      const left = (await readdir(join(scene.root, 'releases'))).map((name) => name.slice(0, 6));
      assert.deepEqual(
        left.filter((tag) => tag < 'v1.6.0' && tag !== 'v1.5.0'),
        [],
      );
      assert.ok(left.includes('v1.6.0') && left.includes('v1.7.0'));
    },
  );
});

test('a disk that fills in the middle of a move of a checkout: it comes back whole', LIMIT, async (t) => {
  const scene = await servingOnDisk(t, 'checkout', 96);
  const { disk, machine, root } = scene;
  const files = { 'a.txt': 'new\n'.repeat(50_000), 'server.cjs.map': 'map\n'.repeat(100_000) };
  await scene.release('v1.1.0', {}, files);
  await scene.cliMust(['apply']);
  const tracked = () =>
    machine.must(
      'sh',
      [
        '-c',
        'git status --porcelain --untracked-files=no && git rev-parse HEAD && cat a.txt server.cjs | sha1sum',
      ],
      { cwd: root },
    );
  const before = await tracked();
  await scene.release(
    'v1.2.0',
    { gitops: { ...QUICK, hooks: { beforeActivate: FILL } } },
    { 'a.txt': 'newer\n'.repeat(90_000), 'b.txt': 'more\n'.repeat(90_000) },
  );
  const { code, stderr } = await scene.cli(['apply']);
  assert.equal(code, 4, stderr);
  assert.equal(await tracked(), before);
  const status = await scene.status();
  assert.deepEqual(
    [status.phase, status.active?.tag, status.lastRun?.outcome, status.quarantine],
    ['idle', 'v1.1.0', 'rolledBack', []],
  );
  await scene.everywhere('v1.1.0');

  await disk.empty();
  await scene.release('v1.2.1', {}, { 'a.txt': 'newest\n' });
  await scene.cliMust(['apply']);
  assert.deepEqual(await scene.versions(), ['v1.2.1']);
});
