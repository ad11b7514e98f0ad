import assert from 'node:assert/strict';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';
import type { Machine } from '../bed/machine.js';
import { PACKAGE } from '../sources.js';

const LIST = v.array(
  v.looseObject({
    name: v.string(),
    pid: v.number(),
    pm2_env: v.looseObject({
      restart_time: v.number(),
      treekill: v.boolean(),
      axm_monitor: v.record(v.string(), v.object({ value: v.unknown() })),
    }),
  }),
);

/** The module as pm2 has it. */
async function moduleOn(machine: Machine): Promise<v.InferOutput<typeof LIST>[0] | undefined> {
  const list = v.parse(LIST, JSON.parse((await machine.pm2(['jlist'])).stdout));
  return list.find(({ name }) => name === 'pm2-gitops');
}

/** What pm2 prints for people. */
async function told(machine: Machine, verb: string, ...args: readonly string[]): Promise<string> {
  return machine.must('pm2', [verb, 'pm2-gitops', ...args], { timeoutMs: 40_000 });
}

/** Lays the module down as `pm2 install` leaves it, but for its dependencies, which it finds where the project has them. */
async function layModule(machine: Machine, settings: Readonly<Record<string, string>>): Promise<void> {
  const place = join(machine.pm2Home, 'modules', 'pm2-gitops', 'node_modules', 'pm2-gitops');
  await mkdir(place, { recursive: true });
  await cp(join(PACKAGE ?? '.', 'package.json'), join(place, 'package.json'));
  await symlink(join(PACKAGE ?? '.', 'dist'), join(place, 'dist'));
  const known = { 'module-db-v2': { 'pm2-gitops': {} }, 'pm2-gitops': settings };
  await writeFile(join(machine.pm2Home, 'module_conf.json'), JSON.stringify(known));
}

test('the module comes back with the daemon, tells on its screens how a root stands, and brings a release when it is told to', async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
  const { machine } = scene;
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  await machine.configure({ poll: '1h' });
  await scene.cliMust(['hold', '--reason', 'a fair']);
  await machine.pm2(['save']);
  await machine.pm2(['kill']);
  await layModule(machine, { root: scene.root, root2: machine.path('no-root') });
  await machine.pm2(['resurrect']);
  await scene.everywhere('v1.0.0');
  const values = async (): Promise<Record<string, string>> => {
    const shown = (await moduleOn(machine))?.pm2_env.axm_monitor ?? {};
    return Object.fromEntries(Object.entries(shown).map(([name, { value }]) => [name, String(value)]));
  };
  await waitFor('the screens', async () => (await values())['app: release'] === 'v1.0.0');
  assert.match((await values())['no-root: state'] ?? '', /^problem: there is no .*gitops\.json/);
  assert.match(await told(machine, 'show'), /app: release +│ v1\.0\.0/);
  assert.equal((await moduleOn(machine))?.pm2_env.treekill, false);

  await scene.release('v1.1.0', { gitops: { health: { settle: '2s', timeout: '10s' } } });
  assert.match(await told(machine, 'trigger', 'check', 'app'), /v1\.1\.0 is desired: behind: held \(a fair/);
  assert.match(await told(machine, 'trigger', 'resume', 'app'), /resumed/);
  assert.match(await told(machine, 'trigger', 'apply', 'app'), /run \S+ brings v1\.1\.0/);
  await waitFor('the run', async () => (await scene.status()).worker !== null);
  const before = (await moduleOn(machine))?.pid;
  await machine.pm2(['restart', 'pm2-gitops']);
  assert.notEqual((await moduleOn(machine))?.pid, before);
  await scene.everywhere('v1.1.0');
  const { lastRun } = await waitFor('the end of the run', async () => {
    const status = await scene.status();
    return status.worker === null && status.lastRun?.to === 'v1.1.0' && status;
  });
  assert.equal(lastRun?.outcome, 'activated');
  await waitFor('the outcome', async () => (await values())['app: last outcome'] === 'activated v1.1.0');
});
