import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readMark } from '../../src/workspace/mark.js';
import { stageRelease } from '../../src/workspace/stage.js';
import { LONG } from '../bed/budget.js';
import { Registry } from '../bed/registry.js';
import { Remote } from '../bed/remote.js';
import { Bench, releaseOf } from './bench.js';

const PROGRAM = fileURLToPath(new URL('stage-program.js', import.meta.url));
const KILLS = LONG ? 24 : 8;

test('a staging that is killed at any moment leaves no half release, and is done again to its end', async () => {
  const [registry, remote] = [await Registry.open(), await Remote.open()];
  registry.publish({ name: 'lib', version: '1.0.0', files: { 'index.js': 'x'.repeat(10_000) } });
  const text = JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { lib: '1.0.0' } });
  const commit = await remote.release('v1.0.0', {
    'package.json': text,
    'package-lock.json': await registry.lockfile(text),
    'app.js': '',
    'ecosystem.config.cjs':
      "module.exports = { apps: [{ script: 'app.js' }], gitops: { build: 'sleep 0.05; echo built > out.txt', shared: ['data'] } };",
  });
  const release = releaseOf('v1.0.0', commit);
  const whole = await spanOf(registry, remote, commit);
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const bench = await Bench.open();
      bench.setEnv('npm_config_registry', registry.url);
      await killed({ bench, remote, commit }, (whole * kill) / KILLS);
      for (const folder of await readdir(join(bench.root, 'releases')).catch(() => [])) {
        assert.equal((await readMark(join(bench.root, 'releases', folder)))?.commit, commit, `kill ${kill}`);
      }
      const staged = await stageRelease(bench.stageRequest(release, remote.url), bench.tools());
      assert.equal(await readFile(join(staged.tree, 'out.txt'), 'utf8'), 'built\n');
      assert.deepEqual(staged.made, ['node_modules', 'out.txt']);
      assert.deepEqual(await readdir(bench.state).then((names) => names.sort()), ['mirror.git', 'stage']);
      await bench.close();
    }
  } finally {
    await remote.close();
    await registry.close();
  }
});

/** How long the work takes here, in milliseconds, so that the kills spread over all of it. */
async function spanOf(registry: Registry, remote: Remote, commit: string): Promise<number> {
  const bench = await Bench.open();
  bench.setEnv('npm_config_registry', registry.url);
  const began = performance.now();
  await killed({ bench, remote, commit }, 60_000);
  await bench.close();
  return performance.now() - began;
}

async function killed(
  { bench, remote, commit }: { bench: Bench; remote: Remote; commit: string },
  afterMs: number,
): Promise<void> {
  const ledger = bench.path('ledger');
  const args = [PROGRAM, bench.root, bench.state, remote.url, 'v1.0.0', commit, ledger];
  const child = spawn(process.execPath, args, { env: { ...bench.env }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await Promise.race([ended, pause(afterMs, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await ended;
  // As the next worker does: whatever the dead one started is ended first.
  const pids = (await readFile(ledger, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  for (const pid of pids) endGroup(Number(pid));
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
