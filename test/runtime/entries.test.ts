import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { readEntries, restoreEntry, type Entry } from '../../src/runtime/entries.js';
import { listProcesses } from '../../src/runtime/processes.js';
import { deleteProcesses } from '../../src/runtime/start.js';
import { SERVES } from './apps.js';
import { eventually, PM2_PACKAGES, startDaemon, testSignal, type TestDaemon } from './daemon.js';

// What pm2 itself writes anew at each start, or into its record once a process runs.
const PASSING =
  'pm_id pm_uptime created_at unique_id pm_pid_path pm_out_log_path pm_err_log_path status restart_time version node_version axm_options';

async function entriesOf({ daemon }: TestDaemon): Promise<Entry[]> {
  return readEntries(daemon, await listProcesses(daemon, testSignal()), testSignal());
}

/** What the process with that number has in its environment. */
async function environment({ root }: TestDaemon, number: number): Promise<Record<string, string>> {
  const path = join(root, `up-${number}`);
  const text = await eventually(async () => (await readFile(path, 'utf8').catch(() => '')) || null);
  await rm(path);
  const all = v.parse(v.record(v.string(), v.string()), JSON.parse(text));
  return Object.fromEntries(Object.entries(all).filter(([key]) => !PASSING.split(' ').includes(key)));
}

for (const pm2Package of PM2_PACKAGES) {
  test(`${pm2Package}: an entry is started again from its record, with the environment and the state that it had`, async (t) => {
    const pm2 = await startDaemon(t, pm2Package);
    const { daemon } = pm2;
    await pm2.write('app.js', SERVES);
    await pm2.start({
      name: 'web',
      script: 'app.js',
      instances: 3,
      exec_mode: 'fork',
      env: { SECRET: 'x' },
      args: ['a b'],
    });
    const before = [await environment(pm2, 0), await environment(pm2, 1)];
    await environment(pm2, 2);
    await pm2.pm2('stop', '2');
    const entries = await entriesOf(pm2);
    assert.deepEqual(
      entries.map(({ name, stopped, env }) => [name, stopped, env['SECRET']]),
      [
        ['web', false, 'x'],
        ['web', false, 'x'],
        ['web', true, 'x'],
      ],
    );

    await pm2.pm2('restart', '0');
    await environment(pm2, 0);
    assert.deepEqual(
      (await entriesOf(pm2)).map(({ id }) => id),
      entries.map(({ id }) => id),
      'a restart keeps the id',
    );

    await deleteProcesses(daemon, [0, 1, 2], testSignal());
    for (const { record } of entries) await restoreEntry(daemon, record, testSignal());
    const restored = await entriesOf(pm2);
    assert.deepEqual(
      restored.map(({ stopped }) => stopped),
      [false, false, true],
    );
    assert.deepEqual([await environment(pm2, 0), await environment(pm2, 1)], before);
    assert.ok(
      restored.every(({ id }) => entries.every((entry) => entry.id !== id)),
      'another start, another id',
    );
  });
}
