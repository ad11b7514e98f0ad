import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { FalseClock } from '../bed/false-clock.js';
import type { Status } from '../bed/answers.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 240_000, skip: FalseClock.impossible() };
const NIGHT = { days: ['sun'], from: '02:10', to: '02:50' };
// The nights of Berlin in which the clock goes from 02:00 to 03:00, and from 03:00 back to 02:00.
const SHORT_NIGHT = {
  eve: '2027-03-27T21:00:00Z',
  opens: '2027-03-28T01:00:00.000Z',
  after: '2027-03-29T10:00:00Z',
};
const LONG_NIGHT = { first: '2027-10-31T00:30:00Z', second: '2027-10-31T01:30:00Z' };

async function open(t: TestContext): Promise<Scene> {
  const scene = await Scene.open(t, {
    apps: (port) => [{ name: 'web', port, instances: 2 }],
    falseClock: true,
  });
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  await scene.check();
  await scene.machine.configure({ timezone: 'Europe/Berlin', window: NIGHT });
  return scene;
}

/** Sets the machine's clock and lets it look, once nobody is at work. */
async function at(scene: Scene, moment: string): Promise<void> {
  await waitFor('the worker to be gone', async () => (await scene.status()).worker === null);
  await scene.machine.clock.set(Date.parse(moment) - Date.now());
  await scene.check();
}

/** Waits until a release lies staged, and its worker is gone. */
async function staged(scene: Scene, tag: string): Promise<Status> {
  return waitFor(`${tag} to be staged`, async () => {
    const status = await scene.status();
    return status.staged?.tag === tag && status.worker === null ? status : null;
  });
}

test(
  'S18: through a window of the night it changes once, also where the night has no such hour or has it twice',
  LIMIT,
  async (t) => {
    const scene = await open(t);
    await scene.release('v1.1.0');

    await t.test(
      'while it is closed the release is staged, and the machine tells when it opens',
      async () => {
        await scene.machine.clock.set(Date.parse(SHORT_NIGHT.eve) - Date.now());
        assert.match((await scene.cli(['plan'])).stdout, /2\. install .*3\. wait: opens .*4\. switch/s);
        await scene.check();
        const { behind, why, phase } = await staged(scene, 'v1.1.0');
        assert.deepEqual(
          [behind, phase, why?.reason, why?.until],
          [true, 'staged', 'window', SHORT_NIGHT.opens],
        );
        assert.match(why?.detail ?? '', /^opens .*03:00 Europe\/Berlin/);
        assert.deepEqual(await scene.versions(), ['v1.0.0']);
        const applied = await scene.cli(['apply']);
        assert.deepEqual([applied.code, await scene.versions()], [3, ['v1.0.0']]);
        assert.match(applied.stderr, /window: opens .*apply --now/s);
      },
    );

    await t.test('a machine that was off in that night waits for the next', async () => {
      await at(scene, SHORT_NIGHT.after);
      assert.equal((await scene.status()).why?.until, '2027-04-04T00:10:00.000Z');
      assert.deepEqual(await scene.versions(), ['v1.0.0']);
    });

    await t.test('of an hour that comes twice the first is meant', async () => {
      await at(scene, LONG_NIGHT.first);
      await scene.everywhere('v1.1.0');
      await scene.release('v1.2.0');
      await at(scene, LONG_NIGHT.second);
      const { why } = await staged(scene, 'v1.2.0');
      assert.deepEqual([why?.reason, why?.until], ['window', '2027-11-07T01:10:00.000Z']);
      assert.deepEqual(await scene.versions(), ['v1.1.0']);
    });

    await t.test('an hour that is left out comes when it would have been over', async () => {
      await at(scene, '2028-03-26T01:10:00Z');
      await scene.everywhere('v1.2.0');
    });

    await t.test('--now passes the window, and a freeze that is over freezes nothing', async () => {
      await scene.machine.configure({
        freeze: { from: '2028-12-20', to: '2029-01-05', reason: 'the holidays' },
      });
      await scene.release('v1.3.0');
      await at(scene, '2028-12-24T12:00:00Z');
      const { why } = await staged(scene, 'v1.3.0');
      assert.deepEqual([why?.reason, why?.until], ['frozen', '2029-01-05T23:00:00.000Z']);
      assert.match(why?.detail ?? '', /until 6 Jan 2029 00:00 Europe\/Berlin: the holidays$/);
      assert.equal((await scene.cli(['apply', '--now'])).code, 3);
      await at(scene, '2029-01-06T12:00:00Z');
      assert.equal((await scene.status()).why?.reason, 'window');
      await scene.cliMust(['apply', '--now']);
      await scene.everywhere('v1.3.0');
    });
  },
);
