import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ONLY_LONG } from '../bed/budget.js';
import { MAKE_READ_ONLY, NO_DISK } from '../bed/small-disk.js';
import { QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';
import { servingOnDisk } from './serving.js';

const LIMIT = { timeout: 300_000, skip: NO_DISK };
const STRATEGIES = ['releases', 'checkout'] as const;
type Step = Parameters<Scene['release']>[1];

function journalOf({ root }: Scene): Promise<string> {
  return readFile(join(root, '.pm2-gitops', 'journal.jsonl'), 'utf8');
}

/** `apply` on a disk that is, or becomes, read-only. Gives back what it said. */
async function applied(scene: Scene, code: number): Promise<string> {
  const { code: ended, stderr } = await scene.cli(['apply']);
  assert.equal(ended, code, stderr);
  const { why } = await scene.status();
  assert.equal(why?.reason, 'held');
  assert.match(why.detail, /is on a read-only disk: nothing is changed until it is writable again/);
  return stderr;
}

for (const strategy of STRATEGIES) {
  test(`a disk that is read-only, and one that becomes so at a step: ${strategy}`, LIMIT, async (t) => {
    const scene = await servingOnDisk(t, strategy, 64);
    const { disk, machine, remote } = scene;

    // Until the switch both do the same.
    const skip = strategy === 'releases' ? false : ONLY_LONG;
    await t.test('poll: it polls on, changes nothing, and status says why', { skip }, async () => {
      await scene.release('v1.1.0');
      await disk.makeReadOnly();
      const [looks, starts, journal] = [remote.counts.lsRefs, await machine.starts(), await journalOf(scene)];
      await scene.check(2);
      assert.match(await applied(scene, 3), /read-only disk/);
      const plan = await scene.cli(['plan']);
      assert.match(plan.stdout + plan.stderr, /read-only disk/);
      assert.deepEqual(
        [remote.counts.lsRefs, await machine.starts(), await journalOf(scene)],
        [looks, starts, journal],
      );
      assert.equal((await scene.cli(['doctor'])).code !== 1, true);
      await disk.makeWritable();
      await scene.cliMust(['apply']);
      assert.deepEqual([await scene.versions(), (await scene.status()).why], [['v1.1.0'], null]);
    });

    const steps: [string, string, Step][] = [
      // The mirror is the same for both.
      ...(strategy === 'releases' ? [['fetch', 'v1.1.1', {}] satisfies [string, string, Step]] : []),
      ['stage', 'v1.2.0', { gitops: { ...QUICK, build: `${MAKE_READ_ONLY}; touch built` } }],
      ['switch', 'v1.3.0', { gitops: { ...QUICK, hooks: { beforeActivate: MAKE_READ_ONLY } } }],
    ];
    for (const [step, tag, change] of steps) {
      await t.test(
        `${step}: held, the old processes never know, and it goes on when the disk is back`,
        { skip: step === 'switch' ? false : skip },
        async () => {
          await scene.release(tag, change);
          if (step === 'fetch') await readOnlyAtGit(scene, '*fetch*--progress*http://*');
          const [starts, { active }] = [await machine.starts(), await scene.status()];
          assert.match(await applied(scene, step === 'switch' ? 5 : 3), /read-only disk/);
          assert.deepEqual([(await scene.status()).active, await machine.starts()], [active, starts]);
          await machine.tool('git').fault(null);
          await disk.makeWritable();
          await converge(scene, tag);
        },
      );
    }
  });
}

/** The disk becomes read-only when git is called so. */
async function readOnlyAtGit({ machine, root }: Scene, when: string): Promise<void> {
  await machine.tool('git').fault({ when, first: `mount --bind -o ro ${root} ${root}` });
}

test('a disk that becomes read-only once the root is switched', LIMIT, async (t) => {
  const scene = await servingOnDisk(t, 'releases', 64);
  const { disk, machine } = scene;

  await t.test(
    'restart: the rest changes over and is proven too, each once while the disk is so',
    async () => {
      await scene.release('v1.0.1', { preamble: readOnlyAtStart(scene) });
      assert.match(await applied(scene, 5), /read-only disk/);
      const starts = await scene.startsOf('v1.0.1');
      assert.deepEqual([await scene.versions(), starts.length], [['v1.0.1'], 2]);
      assert.equal((await scene.status()).phase, 'proving');
      await disk.makeWritable();
      await converge(scene, 'v1.0.1');
      // That they were proven could not be written down: once more, and not again.
      assert.deepEqual(await scene.startsOf('v1.0.1'), [...starts, ...starts].sort());
    },
  );

  await t.test(
    'prune: skipped; the release is on record, and what is left goes when the disk is back',
    async () => {
      await scene.release('v1.0.2');
      await readOnlyAtGit(scene, '*for-each-ref*refs/gitops/releases/*');
      await scene.cliMust(['apply']);
      await machine.tool('git').fault(null);
      const { active, phase, lastRun } = await scene.status();
      assert.deepEqual([active?.tag, phase, lastRun?.outcome], ['v1.0.2', 'idle', 'activated']);
      const trash = join(scene.root, '.pm2-gitops', 'trash');
      assert.ok(existsSync(trash));
      await disk.makeWritable();
      await converge(scene, 'v1.0.2');
      await waitFor('what was left to go', () => !existsSync(trash));
    },
  );

  await t.test('commit: what is proven serves, and is on record when the disk is back', async () => {
    await scene.release('v1.1.0', { gitops: { ...QUICK, hooks: { afterActivate: MAKE_READ_ONLY } } });
    assert.match(await applied(scene, 5), /read-only disk/);
    assert.deepEqual([await scene.versions(), (await scene.status()).active?.tag], [['v1.1.0'], 'v1.0.2']);
    const starts = await machine.starts();
    await disk.makeWritable();
    await converge(scene, 'v1.1.0');
    assert.deepEqual(await machine.starts(), starts, 'what had changed over is only proven');
  });

  await t.test(
    'prove: an unhealthy release is not kept: it goes back when the disk is writable again',
    async () => {
      await scene.release('v1.2.0', { variant: 'crashes at start', preamble: readOnlyAtStart(scene) });
      assert.match(await applied(scene, 5), /read-only disk/);
      await disk.makeWritable();
      await converge(scene, 'v1.1.0');
      assert.deepEqual(
        (await scene.status()).quarantine.map(({ tag }) => tag),
        ['v1.2.0'],
      );
    },
  );
});

/** The code of a release at whose first start the disk becomes read-only. */
function readOnlyAtStart({ root }: Scene): string {
  return `const { execSync } = require('node:child_process'); const { existsSync, writeFileSync } = require('node:fs');
const flag = process.env.PM2_HOME + '/read-only-at-' + VERSION;
if (!existsSync(flag)) { writeFileSync(flag, ''); execSync('mount --bind -o ro ${root} ${root}'); }`;
}

/** Lets the poller go on until the machine rests on a release. */
async function converge(scene: Scene, tag: string): Promise<void> {
  for (let polls = 0; polls < 10; polls += 1) {
    await scene.check();
    await waitFor('its worker to end', async () => (await scene.glance()).worker === null);
    const { phase, active } = await scene.status();
    if (phase === 'idle' && active?.tag === tag) break;
  }
  await scene.everywhere(tag);
  const { phase, active } = await scene.status();
  assert.deepEqual([phase, active?.tag], ['idle', tag]);
}
