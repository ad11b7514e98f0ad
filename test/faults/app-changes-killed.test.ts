import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { listProcesses } from '../../src/runtime/processes.js';
import { connectDaemon } from '../../src/runtime/rpc.js';
import type { AppSpec } from '../bed/app.js';
import { environments, TELL } from '../bed/environments.js';
import type { Machine } from '../bed/machine.js';
import { QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const Holder = v.object({ pid: v.pipe(v.number(), v.minValue(1)) });
const Line = v.object({ upgrade: v.object({ phase: v.object({ at: v.string() }) }) });

function apps(port: number, log: string): AppSpec[] {
  const extra = { env: { PORT: port + 2, LOG: log } };
  return [
    { name: 'steady', port },
    { name: 'web', port: port + 2, instances: 2, extra },
    { name: log === 'a' ? 'old' : 'fresh', port: port + 6, extra: { args: [log] } },
  ];
}

/**
 * Has the machine look, and kills the worker as soon as the journal's phase and pm2's list are as wanted.
 * Watches from before the look: what is wanted may be there for half a second only, and be over when the look has ended.
 */
async function checkAndKillAt(
  scene: Scene,
  phase: string,
  wanted: (names: readonly string[]) => boolean,
): Promise<void> {
  await Promise.all([scene.check(), killWorkerAt(scene, phase, wanted)]);
  await waitFor('the killed one to be gone', async () => (await scene.glance()).worker === null);
}

async function killWorkerAt(
  scene: Scene,
  phase: string,
  wanted: (names: readonly string[]) => boolean,
): Promise<void> {
  await waitFor(phase, async () => (await phaseOf(scene)) === phase, { everyMs: 5, limitMs: 60_000 });
  const lock = await readFile(join(scene.root, '.pm2-gitops', 'upgrade.lock'), 'utf8');
  const { pid } = v.parse(Holder, JSON.parse(lock));
  await waitFor(`apps of ${phase}`, async () => wanted(await namesOf(scene.machine)), { everyMs: 5 });
  process.kill(pid, 'SIGKILL');
}

async function phaseOf({ root }: Scene): Promise<string> {
  const journal = await readFile(join(root, '.pm2-gitops', 'journal.jsonl'), 'utf8').catch(() => '');
  const lines = journal.trimEnd().split('\n');
  if (lines.at(-1) === '') return 'none';
  return v.parse(Line, JSON.parse(lines.at(-1) ?? '')).upgrade.phase.at;
}

async function namesOf({ pm2Home: home }: Machine): Promise<string[]> {
  const signal = AbortSignal.timeout(10_000);
  const daemon = await connectDaemon({ home, platform: process.platform }, signal);
  const list = await listProcesses(daemon, signal).finally(() => {
    daemon.close();
  });
  return list.map(({ name }) => name).sort();
}

test(
  'a worker that is killed while it changes apps, forward and on the way back, leaves nothing undone',
  { timeout: 180_000 },
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => apps(port, 'a') });
    const { machine, port } = scene;
    await scene.release('v1.0.0', { preamble: TELL });
    await machine.deploy(scene.remote, 'v1.0.0');
    await machine.pm2(['delete', 'all']);
    await machine.pm2(['start', 'ecosystem.config.cjs'], { env: { OWN: 'of the shell' } });
    await scene.everywhere('v1.0.0');
    await scene.cliMust(['init', '--yes']);
    const before = await environments(machine);

    const crash = "if (process.env.name === 'fresh') throw new Error('the added one fails');";
    // One of two takes pm2's whole time to end, so that for more than a second only the other is gone.
    const lingers = "if (process.env.NODE_APP_INSTANCE === '1') process.on('SIGINT', () => {});";
    await scene.release('v1.1.0', { preamble: TELL + crash + lingers, apps: apps(port, 'b') });
    await checkAndKillAt(scene, 'proving', (names) => !names.includes('web'));
    // pm2's own command line may have been under way already, and outlives the worker.
    assert.deepEqual(
      (await namesOf(machine)).filter((name) => name !== 'web'),
      ['old', 'steady'],
      'between delete and start',
    );
    await checkAndKillAt(scene, 'rollingBack', (names) => names.filter((name) => name === 'web').length < 2);
    await scene.check();
    await waitFor('the way back to be done', async () => (await phaseOf(scene)) === 'idle');
    assert.deepEqual(await environments(machine), before);

    await scene.release('v1.2.0', { preamble: TELL, apps: apps(port, 'b') });
    await checkAndKillAt(scene, 'proving', (names) => names.includes('fresh'));
    await scene.check();
    await waitFor('v1.2.0', async () => (await scene.glance()).active?.tag === 'v1.2.0');
    const after = await environments(machine);
    assert.deepEqual(await namesOf(machine), ['fresh', 'steady', 'web', 'web']);
    assert.deepEqual([after['web#1']?.['LOG'], after['web#1']?.['OWN']], ['b', 'of the shell']);

    await t.test('with its record unreadable too: what the release names runs', async () => {
      await scene.release('v1.3.0', { preamble: TELL, apps: apps(port, 'a') });
      await checkAndKillAt(scene, 'proving', (names) => !names.includes('web'));
      await writeFile(join(scene.root, '.pm2-gitops', 'apps.json'), 'torn');
      await scene.check();
      await waitFor('v1.3.0', async () => (await scene.glance()).active?.tag === 'v1.3.0');
      assert.deepEqual(await namesOf(machine), ['fresh', 'old', 'steady', 'web', 'web']);
      assert.equal((await environments(machine))['web#1']?.['LOG'], 'a');
    });
  },
);

test(
  'S38: after pm2 kill and resurrect in the middle of app changes, which bring the old definitions back, one release is there whole',
  { timeout: 180_000 },
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => apps(port, 'a') });
    const { machine, port } = scene;
    await scene.release('v1.0.0', { preamble: TELL });
    await scene.adopt('v1.0.0');
    await machine.pm2(['save']);
    const wait = join(machine.home, 'wait');
    // While the file lies there, nothing is proven and nothing fails.
    const gitops = { health: { ...QUICK.health, timeout: '120s', command: `! test -e ${wait}` } };
    await scene.release('v1.1.0', { preamble: TELL, apps: apps(port, 'b'), gitops });
    await writeFile(wait, '');
    await scene.check();
    await waitFor('the changes', async () => (await namesOf(machine)).join() === 'fresh,old,steady,web,web');
    await machine.pm2(['kill']);
    await machine.pm2(['resurrect']);
    assert.deepEqual(await namesOf(machine), ['old', 'steady', 'web', 'web']);
    await rm(wait);
    await scene.check();
    await waitFor('the end of the run', async () => (await phaseOf(scene)) === 'idle');
    // Whether the kill counts against the release or not: one of the two is there whole.
    const { active } = await scene.status();
    const [names, log] =
      active?.tag === 'v1.1.0'
        ? [['fresh', 'steady', 'web', 'web'], 'b']
        : [['old', 'steady', 'web', 'web'], 'a'];
    assert.deepEqual(await namesOf(machine), names);
    const environment = await environments(machine);
    assert.deepEqual([environment['web#0']?.['LOG'], environment['web#1']?.['LOG']], [log, log]);
  },
);
