import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { listProcesses } from '../../src/runtime/processes.js';
import { connectDaemon } from '../../src/runtime/rpc.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const Holder = v.object({ pid: v.pipe(v.number(), v.minValue(1)) });

test(
  "the worker is killed while pm2 restarts an app that waited for pm2's own restart: the app runs the desired release",
  { timeout: 120_000 },
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [
        { name: 'ailing', port, extra: { restart_delay: 600_000 } },
        { name: 'web', port: port + 1 },
      ],
    });
    const { machine } = scene;
    const ill = join(machine.home, 'ill');
    const preamble = `if (process.env.name === 'ailing') setInterval(() => require('node:fs').existsSync('${ill}') && process.exit(1), 20);`;
    await scene.release('v1.0.0', { preamble });
    await scene.adopt('v1.0.0');
    const daemon = await connectDaemon({ home: machine.pm2Home, platform: process.platform }, t.signal);
    t.after(() => {
      daemon.close();
    });
    const ailing = async () => (await listProcesses(daemon, t.signal)).find(({ name }) => name === 'ailing');
    await writeFile(ill, '');
    await waitFor('the wait', async () => (await ailing())?.status === 'waiting restart');
    await rm(ill);

    await scene.release('v1.1.0');
    await scene.check();
    await waitFor('pm2 to end the wait', async () => (await ailing())?.status !== 'waiting restart', {
      everyMs: 2,
    });
    const lock = await readFile(join(scene.root, '.pm2-gitops', 'upgrade.lock'), 'utf8');
    process.kill(v.parse(Holder, JSON.parse(lock)).pid, 'SIGKILL');
    await waitFor('the killed one to be gone', async () => (await scene.glance()).worker === null);
    await scene.check();
    await waitFor('the release on record', async () => {
      const { phase, active, worker } = await scene.glance();
      return phase === 'idle' && active?.tag === 'v1.1.0' && worker === null;
    });
    await scene.everywhere('v1.1.0');
    const { phase, processes, active } = await scene.status();
    assert.deepEqual(
      [phase, active?.tag, processes.map(({ status, commit }) => [status, commit === active?.commit])],
      [
        'idle',
        'v1.1.0',
        [
          ['online', true],
          ['online', true],
        ],
      ],
    );
  },
);
