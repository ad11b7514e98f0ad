import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { systemClock } from '../../src/os/clock.js';
import { lockWithin } from '../../src/state/lock.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = {
  timeout: 180_000,
  skip: process.platform === 'linux' ? false : 'only Linux tells of all of it',
};
const WRAPPER = '#!/bin/sh\nexec sleep 600\n';
const Answer = v.object({
  schema: v.literal(1),
  checks: v.array(
    v.object({
      ...{ id: v.string(), group: v.string(), name: v.string(), detail: v.string() },
      level: v.picklist(['ok', 'warning', 'problem', 'skipped']),
      mend: v.nullable(v.string()),
      fixable: v.boolean(),
    }),
  ),
  fixed: v.array(v.object({ id: v.string(), did: v.string(), failed: v.nullable(v.string()) })),
});

/** What doctor says, a line for each check by its id. */
async function examined(scene: Scene, args: readonly string[] = []) {
  const { code, stdout, stderr } = await scene.cli(['doctor', '--json', ...args]);
  assert.ok(code === 0 || code === 2, stderr);
  const { checks, fixed } = v.parse(Answer, JSON.parse(stdout));
  const lines = checks.map(
    ({ id, level, detail, fixable }) => `${id} ${level}${fixable ? ' fixable' : ''}: ${detail}`,
  );
  return { code, fixed, told: (id: string) => lines.filter((line) => line.startsWith(`${id} `)).join('\n') };
}

test('doctor sees the traps of a real machine, and mends what is ours to mend', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  const { machine, root } = scene;
  await scene.release('v1.0.0', {}, { 'run.sh': WRAPPER, '.gitmodules': '[submodule "a"]\n' });
  await scene.adopt('v1.0.0');
  await machine.pm2(['save']);
  const well = await examined(scene);
  assert.equal(well.told('pm2.saved-list'), `pm2.saved-list ok: ${machine.pm2Home}/dump.pm2 is what runs`);
  assert.match(well.told('apps.treekill-changed'), / ok: /);
  assert.match(well.told('machine.clock'), / ok: within \d s of the source's/);
  assert.match(well.told('root.checkout'), / problem: it has submodules/);
  assert.match(well.told('pm2.version'), / ok: /);
  assert.match(well.told('pm2.other-daemons'), / ok: /);
  assert.equal(well.code, 2);

  // pm2 kills a tree, and is then told to kill none.
  await machine.pm2(['restart', 'web']);
  await machine.pm2(['restart', 'web', '--no-treekill']);
  await machine.pm2(['start', 'run.sh', '--name', 'wrapped', '--no-treekill', '--no-autorestart'], {
    env: { watch: '' },
  });
  const stranger = { env: { PM2_HOME: machine.path('pm2-of-old') } };
  await machine.pm2(['start', 'run.sh', '--name', 'old'], stranger);
  // What has the name of an app of ours and runs elsewhere is none of ours.
  await machine.pm2(['start', 'sleep', '--name', 'web', '--cwd', machine.path('tmp'), '--', '600'], stranger);
  await machine.configure({ apps: ['web', 'wrapped'] });
  const stage = join(root, '.pm2-gitops', 'stage', 'killed');
  await mkdir(stage, { recursive: true });
  await chmod(join(root, '.pm2-gitops', 'machine.json'), 0o644);
  await writeFile(join(root, '.git', 'index.lock'), '');
  await writeFile(join(root, '.git', 'info', 'exclude'), '');
  const trapped = await examined(scene);
  assert.match(trapped.told('apps.treekill-changed'), / problem: web: treekill was switched off/);
  assert.match(trapped.told('apps.wrapper'), / problem: wrapped: /);
  assert.match(trapped.told('apps.restarts'), / warning: wrapped: autorestart is false/);
  assert.match(trapped.told('apps.env-options'), / warning: wrapped: pm2 takes watch of its environment/);
  assert.match(trapped.told('pm2.saved-list'), / warning fixable: .*wrapped is not in it/);
  // A daemon that is too busy to answer is asked again.
  await waitFor('the other daemon to be told of', async () =>
    / problem: the pm2 daemon of \S+pm2-of-old \(pid \d+, uid \d+\) runs old from this root, too/.test(
      (await examined(scene)).told('pm2.other-daemons'),
    ),
  );
  assert.match(trapped.told('root.leftovers'), / warning fixable: \S+stage\/killed$/);
  assert.match(trapped.told('root.state-rights'), / warning fixable: \S+machine\.json may be/);
  assert.match(trapped.told('root.git-locks'), / warning fixable: \S+index\.lock/);
  assert.match(trapped.told('root.exclude'), / warning fixable: .*lacks \/\.pm2-gitops\//);

  const clock = systemClock();
  const path = join(root, '.pm2-gitops', 'upgrade.lock');
  const holder = { pid: process.pid, startedAt: null, run: 'r' };
  const lock = await lockWithin(5_000, { path, holder, clock, signal: AbortSignal.timeout(10_000) });
  const refused = await scene.cli(['doctor', '--fix']);
  assert.deepEqual([refused.code, refused.stdout], [75, ''], refused.stderr);
  lock?.release();

  const mended = await examined(scene, ['--fix']);
  const ids = ['pm2.saved-list', 'root.state-rights', 'root.leftovers', 'root.git-locks', 'root.exclude'];
  assert.deepEqual(
    mended.fixed.map(({ id, failed }) => [id, failed]),
    ids.map((id) => [id, null]),
  );
  for (const id of ids) assert.match(mended.told(id), / ok: /, id);
  assert.deepEqual([(await examined(scene, ['--fix'])).fixed, mended.code], [[], 2]);
  assert.deepEqual(await scene.versions(), ['v1.0.0']);
  await machine.pm2(['kill'], stranger);
});
