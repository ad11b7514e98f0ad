import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const Holder = v.object({ pid: v.pipe(v.number(), v.minValue(1)) });

/** Ends the worker, and waits for its end. */
async function killWorker(scene: Scene): Promise<void> {
  const lock = await readFile(join(scene.root, '.pm2-gitops', 'upgrade.lock'), 'utf8');
  process.kill(v.parse(Holder, JSON.parse(lock)).pid, 'SIGKILL');
  await waitFor('the killed one to be gone', async () => (await scene.glance()).worker === null);
}

/** Polls until nothing is left to do. */
async function rest(scene: Scene): Promise<void> {
  await waitFor('rest', async () => {
    const { worker, phase } = await scene.glance();
    if (worker === null && phase !== 'idle') await scene.check();
    return worker === null && phase === 'idle';
  });
}

test(
  'code fails to load while no worker is there to hear it: the next one finds out, and what was proven is not restarted',
  { timeout: 120_000 },
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [{ name: 'web', port, instances: 2, extra: { script: 'app.mjs' } }],
    });
    const { machine } = scene;
    const gitops = { health: { ...QUICK.health, settle: '3s' } };
    await scene.release('v1.0.0', { gitops }, { 'app.mjs': `import './server.cjs';` });
    await scene.adopt('v1.0.0');

    const [loading, failed] = [join(machine.home, 'loading'), join(machine.home, 'failed')];
    await scene.release(
      'v1.1.0',
      { gitops },
      {
        'app.mjs': `
import { writeFileSync } from 'node:fs';
async function connect() {
  writeFileSync('${loading}', '');
  await new Promise((done) => setTimeout(done, 1_000));
  writeFileSync('${failed}', '');
  throw new Error('no database');
}
if (process.env.NODE_APP_INSTANCE === '0') await connect();
await import('./server.cjs');`,
      },
    );
    await scene.check();
    await waitFor('the first process', () => existsSync(loading), { everyMs: 5 });
    await killWorker(scene);
    await waitFor('its failure, which nobody hears', () => existsSync(failed));
    await rest(scene);
    const { quarantine, active, phase } = await scene.status();
    assert.deepEqual([quarantine.map(({ tag }) => tag), active?.tag, phase], [['v1.1.0'], 'v1.0.0', 'idle']);
    assert.match(quarantine[0]?.cause ?? '', /could not load its code, .*: no database/);
    await scene.everywhere('v1.0.0');

    // Proven to the end, but for the hook.
    const here = join(machine.home, 'here');
    const hooks = { afterActivate: `test -e ${here} || { touch ${here}; sleep 60; }` };
    await scene.release('v1.2.0', { gitops: { ...QUICK, hooks } }, { 'app.mjs': `import './server.cjs';` });
    await scene.check();
    await waitFor('all to be proven', () => existsSync(here));
    await killWorker(scene);
    await rest(scene);
    assert.equal((await scene.status()).active?.tag, 'v1.2.0');
    assert.deepEqual(await scene.startsOf('v1.2.0'), ['web#0', 'web#1'], 'each was started once');
  },
);
