import assert from 'node:assert/strict';
import { appendFile, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { runId } from '../../src/domain/run.js';
import { journalLine } from '../../src/state/schema.js';
import { dependency } from '../bed/app.js';
import { askApp } from '../bed/machine.js';
import { pidsOf, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 300_000 };
// Each look is a process of its own, and a machine that tests may be a busy one.
const PATIENT = { limitMs: 90_000, everyMs: 250 };

/** A root of release folders at v1.1.0, with v1.0.0 beside it. */
async function twoReleases(scene: Scene): Promise<{ old: string; now: string }> {
  await scene.release('v1.0.0');
  await scene.cliMust(['init', scene.remote.url, '--yes']);
  await scene.cliMust(['apply', '--start-pm2']);
  const old = await readlink(join(scene.root, 'current'));
  await scene.release('v1.1.0');
  await scene.cliMust(['apply']);
  return { old, now: await readlink(join(scene.root, 'current')) };
}

/** Waits for the comparison that a poll began, and for its worker to be gone: until then an `apply` is told that somebody is at it. */
async function compared(scene: Scene): Promise<void> {
  const isDone = async () => (await comparedAt(scene)) > 1 && (await scene.glance()).worker === null;
  await waitFor('the comparison', isDone, PATIENT);
}

/** Polls as an embedding app does, and waits for the run that it leads to. */
async function repaired(scene: Scene): Promise<void> {
  const before = (await scene.status()).lastRun?.id;
  await scene.check();
  await waitFor(
    'the repair',
    async () => {
      const { lastRun, worker } = await scene.status();
      return worker === null && lastRun?.id !== before;
    },
    PATIENT,
  );
}

test(
  'a moved current and what was started from it are put right by the next poll, once',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
    const { machine, root, port } = scene;
    const { old, now } = await twoReleases(scene);
    const current = join(root, 'current');
    assert.deepEqual((await scene.status()).drift, []);

    await rm(current);
    await symlink(old, current);
    await machine.pm2(['restart', '1']);
    await waitFor('the old code', async () => (await askApp(port + 1))?.version === 'v1.0.0');
    const pids = await pidsOf(machine);
    const seen = await scene.status();
    assert.deepEqual(
      seen.drift.map(({ kind, repair }) => [kind, repair]),
      [
        ['pointer', 'poll'],
        ['process', 'poll'],
      ],
    );
    assert.match(seen.drift[0]?.detail ?? '', /current names releases\/v1\.0\.0-\w{7}, not v1\.1\.0/);
    assert.notEqual(seen.processes[1]?.commit, seen.active?.commit);
    assert.equal((await scene.cli(['plan'])).code, 3);

    await repaired(scene);
    assert.equal(await readlink(current), now);
    await scene.everywhere('v1.1.0');
    assert.equal(
      (await pidsOf(machine)).get(0),
      pids.get(0),
      'what ran the active release was not restarted',
    );
    const { lastRun, drift, behind } = await scene.status();
    assert.deepEqual([lastRun?.outcome, lastRun?.from, lastRun?.to], ['activated', 'v1.1.0', 'v1.1.0']);
    assert.match(lastRun?.cause ?? '', /current names .*; web 1 runs/);
    assert.deepEqual([drift, behind], [[], false]);
    assert.match(await scene.cliMust(['history']), /drift/);

    await rm(current);
    await symlink(old, current);
    await scene.check();
    const waiting = await scene.status();
    assert.deepEqual(
      waiting.drift.map(({ kind, repair }) => [kind, repair]),
      [['pointer', 'later']],
    );
    assert.equal(waiting.lastRun?.id, lastRun?.id, 'who moves it again means it');
    await scene.cliMust(['hold']);
    assert.equal((await scene.cli(['apply'])).code, 0);
    assert.equal(await readlink(current), old, 'held: nothing is repaired');
    await scene.cliMust(['resume']);
    await scene.cliMust(['apply']);
    assert.equal(await readlink(current), now, 'a person asked');

    for (const named of [old, now]) {
      await rm(current);
      await symlink(named, current);
      await killedInRepair(scene);
      await repaired(scene);
      const { phase, lastRun: last } = await scene.status();
      assert.deepEqual([phase, last?.outcome, await readlink(current)], ['idle', 'activated', now]);
    }
  },
);

test(
  'what a release folder lost is put back, what somebody wrote only if a person asks, and kept',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [{ name: 'web', port }],
      packages: [dependency('left', '1.0.0')],
    });
    const { machine, root, port } = scene;
    await scene.release('v1.0.0', { dependencies: { left: '1.0.0' } }, { 'lib/help.txt': 'help\n' });
    await scene.cliMust(['init', scene.remote.url, '--yes']);
    await scene.cliMust(['apply', '--start-pm2']);
    const folder = join(root, await readlink(join(root, 'current')));
    await writeFile(join(folder, 'data.db'), 'written by the app');
    assert.deepEqual((await scene.status()).drift, []);
    const kinds = async () => (await scene.status()).drift.map(({ kind, repair }) => [kind, repair]);

    await rm(join(folder, 'server.cjs'));
    await writeFile(join(folder, 'lib/help.txt'), '');
    assert.deepEqual(await kinds(), [['files', 'poll']]);
    await scene.check();
    assert.deepEqual(await kinds(), [['files', 'poll']], 'a poll itself compares no files');
    const pids = await pidsOf(machine);
    await ageComparison(scene);
    await repaired(scene);
    assert.deepEqual(await kinds(), []);
    assert.notEqual((await pidsOf(machine)).get(0), pids.get(0), 'it is proven that it starts');
    assert.equal(await readFile(join(folder, 'lib/help.txt'), 'utf8'), 'help\n');
    assert.equal(await readFile(join(folder, 'data.db'), 'utf8'), 'written by the app');
    assert.match(
      (await scene.status()).lastRun?.cause ?? '',
      /missing or empty in v1\.0\.0.*: lib\/help\.txt, server\.cjs/,
    );

    await writeFile(join(folder, 'lib/help.txt'), 'mine\n');
    assert.deepEqual(await kinds(), [['edits', 'person']]);
    await ageComparison(scene);
    const last = (await scene.status()).lastRun?.id;
    await scene.check();
    await compared(scene);
    assert.equal((await scene.status()).lastRun?.id, last);
    assert.match((await scene.cli(['plan'])).stdout, /repair: edited in v1\.0\.0.*lib\/help\.txt/);
    await scene.cliMust(['apply']);
    const run = (await scene.status()).lastRun?.id ?? '';
    assert.equal(await readFile(join(folder, 'lib/help.txt'), 'utf8'), 'help\n');
    const kept = join(root, '.pm2-gitops', 'rescue', run, 'lib/help.txt');
    assert.equal(await readFile(kept, 'utf8'), 'mine\n');
    assert.match(await scene.cliMust(['logs']), /what was there is kept at/);

    await rm(join(folder, 'node_modules'), { recursive: true });
    await ageComparison(scene);
    assert.deepEqual(await kinds(), [['files', 'later']], 'it was repaired just now');
    await scene.check();
    await compared(scene);
    assert.deepEqual(await kinds(), [['files', 'later']]);
    await scene.cliMust(['apply']);
    assert.deepEqual([await kinds(), await scene.loaded('left')], [[], ['1.0.0']]);

    await rm(folder, { recursive: true });
    const gone = (await scene.status()).drift;
    assert.match(
      gone.map(({ detail }) => detail).join('\n'),
      /which is gone.*\n.*the folder of v1\.0\.0 .* is gone/s,
    );
    await scene.cliMust(['apply']);
    await waitFor('the app', async () => (await askApp(port))?.version === 'v1.0.0');
    assert.deepEqual(await kinds(), []);

    await rename(folder, `${folder}.mine`);
    await rm(join(root, 'current'));
    await rename(`${folder}.mine`, join(root, 'current'));
    await scene.cliMust(['apply']);
    assert.deepEqual([await kinds(), await readlink(join(root, 'current'))], [[], relative(root, folder)]);
  },
);

test("in a checkout a process is put right; HEAD and files are their owner's, and told", LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
  const { machine, root, port } = scene;
  const old = await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0');
  await scene.cliMust(['apply']);
  const git = (...args: string[]) =>
    machine.must('git', ['-c', 'advice.detachedHead=false', ...args], { cwd: root });
  const kinds = async () => (await scene.status()).drift.map(({ kind, repair }) => [kind, repair]);
  assert.deepEqual(await kinds(), []);

  const head = await git('rev-parse', 'HEAD');
  await git('checkout', '--quiet', old);
  await machine.pm2(['restart', '1']);
  await waitFor('the old code', async () => (await askApp(port + 1))?.version === 'v1.0.0');
  assert.deepEqual(await kinds(), [
    ['head', 'person'],
    ['process', 'person'],
  ]);
  // A reflog tells whole seconds: what began in the same one cannot be told apart.
  const begun = Math.floor(Date.now() / 1000);
  await waitFor('the next second', () => Math.floor(Date.now() / 1000) > begun);
  assert.equal((await scene.cli(['apply'])).code, 0);
  assert.equal(await git('rev-parse', 'HEAD'), old, 'whoever moved it keeps it');

  await git('checkout', '--quiet', head);
  assert.deepEqual(await kinds(), [['process', 'poll']]);
  const pids = await pidsOf(machine);
  await repaired(scene);
  await scene.everywhere('v1.1.0');
  assert.equal((await pidsOf(machine)).get(0), pids.get(0));
  await writeFile(join(root, 'server.cjs'), `${await readFile(join(root, 'server.cjs'), 'utf8')}// mine\n`);
  assert.deepEqual(await kinds(), [['edits', 'person']]);
  assert.match((await scene.cli(['doctor'])).stdout, /drift +edited in v1\.1\.0.*: server\.cjs/);
});

/** As if a worker had been killed in a repair, before it did anything or just after the link was back. */
async function killedInRepair({ root }: Scene): Promise<void> {
  const journal = join(root, '.pm2-gitops', 'journal.jsonl');
  const last = (await readFile(journal, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
  const line = v.parse(journalLine, JSON.parse(last));
  const run = runId(Date.now(), 'test', line.upgrade.begun);
  const release = line.upgrade.active?.release;
  const phase = { at: 'repairing', release, run, starts: 1, kinds: ['pointer'], cause: 'moved', old: null };
  await appendFile(
    journal,
    `${JSON.stringify({ ...line, upgrade: { ...line.upgrade, phase, begun: run } })}\n`,
  );
}

/** As if the files had been compared long ago. */
async function ageComparison(scene: Scene): Promise<void> {
  const path = comparedFile(scene);
  await writeFile(path, (await readFile(path, 'utf8')).replace(/"at":\d+/, '"at":1'));
}

async function comparedAt(scene: Scene): Promise<number> {
  return Number(/"at":(\d+)/.exec(await readFile(comparedFile(scene), 'utf8'))?.[1]);
}

function comparedFile({ root }: Scene): string {
  return join(root, '.pm2-gitops', 'compared.json');
}
