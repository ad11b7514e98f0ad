import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { ONLY_LONG } from '../bed/budget.js';
import { pidsOf, QUICK, Scene, type Change } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 240_000 };
const STRATEGIES = ['releases', 'checkout'] as const;
type Strategy = (typeof STRATEGIES)[number];

/** What may become of a file that a disk or a person damages; null: it is gone. */
const DAMAGES: readonly [string, (text: string) => string | null][] = [
  ['is gone', () => null],
  ['is empty', () => ''],
  ['is garbage', () => '\0\0\0\0\nnot a record\n'],
  ['lost its end', (text) => text.slice(0, text.length / 2)],
  [
    'tells what cannot be',
    (text) => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n{"schema":1,"at":1,"upgrade":{}}\n`,
  ],
];

/** A machine with v1.0.0 and v1.1.0 behind it and v1.2.0 in quarantine. */
async function openScene(t: TestContext, strategy: Strategy): Promise<Scene> {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
  await scene.release('v1.0.0');
  if (strategy === 'checkout') await scene.adopt('v1.0.0');
  else {
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    await scene.cliMust(['apply', '--start-pm2']);
  }
  await scene.release('v1.1.0');
  await scene.cliMust(['apply']);
  // On a busy machine half a second is over before its code begins.
  const gitops = { health: { settle: '3s', timeout: '5s' } };
  await scene.release('v1.2.0', { variant: 'crashes at start', gitops });
  assert.equal((await scene.cli(['apply'])).code, 4);
  return scene;
}

function stateFile({ root }: Scene, name: string): string {
  return join(root, '.pm2-gitops', name);
}

/** What a person wants to know, without the moments. */
async function essence(scene: Scene): Promise<unknown> {
  const { phase, active, desired, behind, why, quarantine, lastRun } = await scene.status();
  const failed = quarantine.map(({ tag, cause }) => `${tag}: ${cause}`);
  return {
    phase,
    active: active?.commit,
    desired: desired?.commit,
    behind,
    why: why?.reason,
    failed,
    outcome: lastRun?.outcome,
  };
}

for (const strategy of STRATEGIES)
  test(`records that cannot be read: ${strategy}`, LIMIT, async (t) => {
    const scene = await openScene(t, strategy);
    const { machine } = scene;

    await t.test(
      'a journal that is lost in mid-run: what the root names is proven, or taken back',
      async () => {
        const go = join(machine.home, 'go');
        const health = { ...QUICK.health, timeout: '60s', command: `test -e ${go}` };
        await loseJournalWhileProving(scene, 'v1.3.0', { gitops: { health } });
        await writeFile(go, '');
        await converges(scene, 'v1.3.0');
        const { lastRun } = await scene.status();
        assert.deepEqual([lastRun?.to, lastRun?.outcome], ['v1.3.0', 'activated']);

        const never = { ...QUICK.health, timeout: '3s', command: `test -e ${go}.never` };
        await loseJournalWhileProving(scene, 'v1.4.0', { gitops: { health: never } });
        await converges(scene, 'v1.3.0');
        assert.deepEqual(
          (await scene.status()).quarantine.map(({ tag }) => tag),
          ['v1.2.0', 'v1.4.0'],
        );
      },
    );

    await t.test('other records that cannot be read stop nothing; unreadable orders hold', async () => {
      const others = [
        'observed.json',
        'refs.json',
        'machine.json',
        ...(strategy === 'checkout' ? ['live.json'] : []),
      ];
      for (const name of others) await writeFile(stateFile(scene, name), '{"schema":1,"torn');
      await writeFile(stateFile(scene, 'children.json'), '');
      await scene.release('v1.5.0');
      await scene.cliMust(['apply']);
      assert.deepEqual(await scene.versions(), ['v1.5.0']);
      for (const name of others)
        assert.ok(existsSync(stateFile(scene, `${name}.corrupt`)), `${name} is kept`);

      await writeFile(stateFile(scene, 'orders.json'), '');
      await scene.release('v1.6.0');
      await scene.check();
      const { why, active } = await scene.status();
      assert.deepEqual([why?.reason, active?.tag], ['held', 'v1.5.0']);
      assert.match(why?.detail ?? '', /orders\.json cannot be read/);
      await scene.cliMust(['resume']);
      await scene.cliMust(['apply']);
      assert.deepEqual(await scene.versions(), ['v1.6.0']);
    });

    // The journal is the same for both.
    const skip = strategy === 'releases' ? false : ONLY_LONG;
    await t.test(
      'whatever befalls a journal at rest, the machine knows what it runs, and what failed',
      { skip },
      async () => {
        await scene.release('v1.7.0', { variant: 'crashes at start' });
        assert.equal((await scene.cli(['apply'])).code, 4);
        const journal = stateFile(scene, 'journal.jsonl');
        const [known, pids] = [await essence(scene), await pidsOf(machine)];
        const whole = await readFile(journal, 'utf8');
        for (const [how, change] of DAMAGES) {
          const text = change(whole);
          await (text === null ? rm(journal) : writeFile(journal, text));
          assert.deepEqual(await essence(scene), known, `it ${how}`);
          await scene.check();
          assert.deepEqual(
            [await essence(scene), await pidsOf(machine)],
            [known, pids],
            `it ${how}, and a poll came`,
          );
        }
        await scene.cliMust(['rollback']);
        assert.deepEqual(await scene.versions(), ['v1.5.0'], 'the way back is known still');
        assert.ok(existsSync(`${journal}.corrupt`), 'what could not be read is kept');
        assert.match((await scene.cli(['doctor'])).stdout, /journal\.jsonl\.corrupt/);
      },
    );
  });

/** Kills the worker while the first process of a release waits for its probe, and throws the journal away. */
async function loseJournalWhileProving(scene: Scene, tag: string, change: Change): Promise<void> {
  await scene.release(tag, change);
  await scene.check();
  const pid = await waitFor(`the worker to prove ${tag}`, async () => {
    const { phase, worker } = await scene.glance();
    const started = (await scene.startsOf(tag)).length > 0;
    return phase === 'proving' && started && worker?.pid;
  });
  process.kill(pid, 'SIGKILL');
  await writeFile(stateFile(scene, 'journal.jsonl'), 'garbage\n');
}

/** Polls until all processes serve a version and nothing is under way. */
async function converges(scene: Scene, version: string): Promise<void> {
  await scene.check();
  await waitFor(
    `${version} on every process`,
    async () => {
      const { phase, worker } = await scene.glance();
      const versions = await scene.versions();
      if (phase === 'idle' && worker === null && versions.join() === version) return true;
      if (worker === null) await scene.check();
      return false;
    },
    { limitMs: 60_000 },
  );
}
