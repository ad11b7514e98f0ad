import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import * as v from 'valibot';
import { readJournal } from '../../src/state/journal.js';
import { layoutOf } from '../../src/state/layout.js';
import { readObserved } from '../../src/state/observed-store.js';
import { FalseClock } from '../bed/false-clock.js';
import { QUICK, Scene, type Change } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const POLL_MS = 10_000;
const HISTORY = v.object({
  runs: v.array(
    v.object({
      id: v.string(),
      to: v.string(),
      outcome: v.nullable(v.string()),
      startedAt: v.string(),
      endedAt: v.nullable(v.string()),
    }),
  ),
});
type Runs = v.InferOutput<typeof HISTORY>['runs'];

// The scenes wait most of the time.
describe(
  'a clock that jumps by days',
  { concurrency: true, skip: FalseClock.impossible(), timeout: 120_000 },
  () => {
    it('between polls: polls go on, each machine looks once, back-offs stay bounded, a hold holds', async (t) => {
      const scene = await open(t);
      const { machine, remote } = scene;
      await scene.release('v1.0.0');
      await scene.adopt('v1.0.0');
      await machine.configure({ poll: `${POLL_MS / 1000}s` });
      await machine
        .tool('git')
        .fault({ when: '*--no-write-fetch-head*', says: 'fatal: early EOF', code: 128 });
      await scene.release('v1.1.0');
      const pollers = [0, 1].map(() => machine.cli(['run'], { timeoutMs: 120_000 }));
      await waitFor('a run that could not fetch', async () => (await runsOf(scene)).length === 1);

      let looks = remote.counts.lsRefs;
      await machine.clock.set(-5 * DAY_MS);
      await polledByTheClock(scene);
      await waitFor(
        'the next try, though the wait was to end in five days',
        async () => (await runsOf(scene)).length === 2,
      );
      const { why, nextPoll } = await scene.status();
      assert.ok(
        Date.parse(why?.until ?? '') <= machine.clock.now() + HOUR_MS,
        `the wait ends ${String(why?.until)}`,
      );
      assert.ok(
        Date.parse(nextPoll ?? '') <= machine.clock.now() + POLL_MS,
        `the next poll is ${String(nextPoll)}`,
      );
      assertFewLooks(remote.counts.lsRefs - looks);

      await machine.tool('git').fault(null);
      await scene.cliMust(['hold', '--reason', 'the night']);
      looks = remote.counts.lsRefs;
      await machine.clock.set(40 * DAY_MS);
      await polledByTheClock(scene);
      assertFewLooks(remote.counts.lsRefs - looks);
      assert.equal((await scene.status()).why?.reason, 'held');
      assert.deepEqual([await scene.versions(), (await runsOf(scene)).length], [['v1.0.0'], 2]);
      await scene.cliMust(['resume']);
      await scene.check();
      await scene.everywhere('v1.1.0');
      await atRest(scene);
      assertInOrder(await runsOf(scene), ['v1.1.0', 'v1.1.0', 'v1.1.0']);
      await machine.halt();
      await Promise.all(pollers);
    });

    it('while a release is staged: its gates are asked by the clock as it is, runs and releases keep their order', async (t) => {
      const scene = await open(t);
      const { machine, root, remote } = scene;
      await scene.release('v1.0.0');
      await scene.cliMust(['init', remote.url, '--yes']);
      await machine.configure({ poll: '300d', keep: 3 });
      await scene.cliMust(['apply', '--start-pm2']);

      await scene.release('v1.1.0', pausing(scene));
      await whileBuilt(scene, () => machine.clock.set(9 * DAY_MS));
      await atRest(scene);
      assert.deepEqual(await scene.versions(), ['v1.1.0']);

      await scene.release('v1.2.0', pausing(scene));
      await whileBuilt(scene, async () => {
        await scene.cliMust(['hold', '--until', '30d']);
        await machine.clock.set(-20 * DAY_MS);
      });
      for (const days of [-20, 20]) {
        await machine.clock.set(days * DAY_MS);
        await scene.check();
        await atRest(scene);
        const { staged, why } = await scene.status();
        assert.deepEqual([staged?.tag, why?.reason, await scene.versions()], ['v1.2.0', 'held', ['v1.1.0']]);
      }
      await machine.clock.set(-20 * DAY_MS);
      await scene.cliMust(['resume']);
      await scene.check();
      await scene.everywhere('v1.2.0');
      await atRest(scene);

      await machine.clock.set(-60 * DAY_MS);
      await scene.release('v1.3.0');
      await scene.check();
      await scene.everywhere('v1.3.0');
      await atRest(scene);
      const kept = (await readdir(join(root, 'releases'))).map((name) => name.slice(0, 6)).sort();
      assert.deepEqual(kept, ['v1.1.0', 'v1.2.0', 'v1.3.0']);
      assertInOrder(await runsOf(scene), ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0']);
    });

    it('while a release is proven: it settles in its own time, and afterwards nothing is taken for drift', async (t) => {
      const scene = await open(t);
      const { machine, port } = scene;
      await scene.release('v1.0.0');
      await scene.adopt('v1.0.0');
      await machine.configure({ poll: '300d' });

      const health = { settle: '3s', timeout: '3s' };
      await scene.release('v1.1.0', { gitops: { health } });
      await whileProven(scene, 9 * DAY_MS);
      await assertSettled(scene, 3_000);

      const url = `http://127.0.0.1:${port}/version`;
      await scene.release('v1.2.0', {
        variant: 'never listens',
        gitops: { health: { ...health, settle: '1s', url } },
      });
      const began = performance.now();
      await whileProven(scene, -20 * DAY_MS);
      assert.ok(performance.now() - began < 30_000, 'its time was over soon');
      await scene.everywhere('v1.1.0');

      const commit = await scene.release('v1.3.0', { gitops: { health } });
      await machine.clock.set(40 * DAY_MS);
      await whileProven(scene, 10 * DAY_MS);
      await assertSettled(scene, 3_000);
      await machine.pm2(['restart', 'web']);
      await scene.everywhere('v1.3.0');
      await scene.check();
      await atRest(scene);
      const { drift, processes } = await scene.status();
      assert.deepEqual([drift, processes.map((process) => process.commit)], [[], [commit]]);
      const runs = await runsOf(scene);
      assertInOrder(runs, ['v1.1.0', 'v1.2.0', 'v1.3.0']);
      assert.deepEqual(
        runs.map(({ outcome }) => outcome),
        ['activated', 'rolledBack', 'activated'],
      );
    });
  },
);

function open(t: TestContext): Promise<Scene> {
  return Scene.open(t, { apps: (port) => [{ name: 'web', port }], falseClock: true });
}

/** A release whose build pauses for as long as a file lies in the machine's home. */
function pausing({ machine: { home } }: Scene): Change {
  const [wait, here] = [join(home, 'wait'), join(home, 'here')];
  return { gitops: { ...QUICK, build: `touch ${here}; while test -e ${wait}; do sleep 0.05; done` } };
}

async function whileBuilt(scene: Scene, act: () => Promise<unknown>): Promise<void> {
  const [wait, here] = [join(scene.machine.home, 'wait'), join(scene.machine.home, 'here')];
  await rm(here, { force: true });
  await writeFile(wait, '');
  await scene.check();
  await waitFor('the build', () => existsSync(here));
  await act();
  await rm(wait);
  await atRest(scene);
}

async function whileProven(scene: Scene, aheadMs: number): Promise<void> {
  await scene.check();
  const { journal } = layoutOf(scene.root);
  const phase = async (): Promise<string> => (await readJournal(journal))?.upgrade.phase.at ?? 'none';
  await waitFor('the proving', async () => (await phase()) === 'proving', { everyMs: 20 });
  await scene.machine.clock.set(aheadMs);
  await atRest(scene);
}

async function atRest(scene: Scene): Promise<void> {
  const rests = async (): Promise<boolean> => {
    const { worker, phase } = await scene.glance();
    return worker === null && (phase === 'idle' || phase === 'staged');
  };
  await waitFor('the end of the run', rests, { limitMs: 40_000 });
}

/** A poll that believes the clock as it was set. */
async function polledByTheClock(scene: Scene): Promise<void> {
  const from = scene.machine.clock.now();
  await waitFor(
    'a poll by the clock as it is',
    async () => {
      const seen = await readObserved(layoutOf(scene.root));
      return seen !== null && Math.abs(seen.at - from) < HOUR_MS;
    },
    { limitMs: 3 * POLL_MS },
  );
}

/** A turn that was planned by the old clock may come beside the first by the new one; that each is taken by one poller alone, S6 shows. */
function assertFewLooks(looks: number): void {
  assert.ok(looks === 1 || looks === 2, `${looks} looks`);
}

/** The newest run's process had lived so long when it was called healthy, and not much longer. */
async function assertSettled(scene: Scene, ms: number): Promise<void> {
  const log = await scene.cliMust(['logs']);
  const livedMs = Number(/healthy after ([\d.]+) s/.exec(log)?.[1] ?? 0) * 1000;
  assert.ok(livedMs >= ms && livedMs < 10 * ms, log);
}

/** Runs that ended, oldest first. */
async function runsOf(scene: Scene): Promise<Runs> {
  const { runs } = v.parse(HISTORY, JSON.parse(await scene.cliMust(['history', '--json'])));
  return runs.filter(({ outcome }) => outcome !== null).reverse();
}

function assertInOrder(runs: Runs, tags: readonly string[]): void {
  const ids = runs.map(({ id }) => id);
  assert.deepEqual(ids, [...ids].sort());
  assert.deepEqual(
    runs.map(({ to }) => to),
    tags,
  );
  for (const { id, startedAt, endedAt } of runs)
    assert.ok(
      Date.parse(endedAt ?? '') >= Date.parse(startedAt),
      `${id} ended before it began: ${startedAt}, ${String(endedAt)}`,
    );
}
