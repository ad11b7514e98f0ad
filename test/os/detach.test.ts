import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitUntilAlone } from '../../src/os/alone.js';
import { systemClock, type Clock } from '../../src/os/clock.js';
import { readTextIfAny } from '../../src/os/files.js';
import { endTree, launchDetached } from '../../src/os/platform.js';
import { ownFolder } from '../folder.js';
import { ancestorsOf, isAlive, pidsOf } from '../processes.js';
import { waitFor } from '../bed/wait.js';

const skip = process.platform === 'linux' ? false : 'only Linux tells who whose parent is';
const LAUNCHER = fileURLToPath(new URL('detach-program.js', import.meta.url));
const WORKER = fileURLToPath(new URL('worker-program.js', import.meta.url));

/** An app that has launched a worker, and where the worker tells what it sees. */
async function launch(context: TestContext) {
  const file = join(await ownFolder(context), 'worker.json');
  const app = spawn(process.execPath, [LAUNCHER, WORKER, file], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = app;
  assert.ok(pid !== undefined);
  context.after(() => {
    for (const one of [pid, ...pidsOf(file)]) if (isAlive(one)) process.kill(one, 'SIGKILL');
  });
  await once(app.stdout, 'data');
  const told = await waitFor('the worker', () => readTextIfAny(file));
  const worker: unknown = JSON.parse(told);
  assert.ok(isTold(worker));
  return { app, pid, worker, beat: () => readTextIfAny(`${file}.beat`) };
}

test(
  'a worker is below nobody that pm2 knows, and gets its arguments and environment unchanged',
  { skip },
  async (context) => {
    const { pid, worker } = await launch(context);
    const ancestors = ancestorsOf(worker.pid);
    assert.ok(!ancestors.includes(pid) && !ancestors.includes(process.pid), ancestors.join(' '));
    assert.deepEqual(worker.ancestors, ancestors);
    assert.deepEqual(worker.rest, ['an argument with "quotes", $HOME and spaces']);
    assert.equal(worker.env['PGO_UNIT'], 'told');
    assert.equal(worker.env['HOME'], undefined);
    assert.equal(worker.cwd, process.cwd());
  },
);

test(
  'a worker outlives its launcher, though the whole process group of it is killed',
  { skip },
  async (context) => {
    const { app, pid, worker, beat } = await launch(context);
    const ended = once(app, 'exit');
    process.kill(-pid, 'SIGKILL');
    await ended;
    const before = await beat();
    await waitFor('another sign of life', async () => (await beat()) !== before);
    assert.ok(isAlive(worker.pid));
  },
);

test('a launch into a folder that is gone fails, and is told', async (context) => {
  const cwd = join(await ownFolder(context), 'gone');
  await assert.rejects(launchDetached({ script: WORKER, args: [], cwd, env: {} }), { code: 'ENOENT' });
});

test('who is no longer below a process goes on at once', async () => {
  const never = new AbortController().signal;
  await waitUntilAlone([], systemClock(), never);
  await waitUntilAlone([process.pid, 2 ** 22 + 1], systemClock(), never);
});

test('who stays below a process that it must restart is told, and does not wait for ever', async () => {
  let sleeps = 0;
  const quick: Clock = {
    now: () => 0,
    monotonicMs: () => sleeps * 1_000,
    sleep: () => Promise.resolve(void (sleeps += 1)),
  };
  await assert.rejects(waitUntilAlone([process.ppid], quick, new AbortController().signal), {
    code: 'STUCK',
  });
  assert.ok(sleeps > 1 && sleeps < 10);
});

test('a process group is ended politely, and hard if it is deaf', { skip }, async () => {
  const cases = [
    ['echo ready; exec sleep 300', 'SIGTERM'],
    ['trap "" TERM; echo ready; while :; do sleep 300; done', 'SIGKILL'],
  ] as const;
  for (const [program, expected] of cases) {
    const child = spawn('/bin/sh', ['-c', program], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    const { pid } = child;
    assert.ok(pid !== undefined);
    await once(child.stdout, 'data');
    await endTree(pid);
    const ended: unknown[] = await exit;
    assert.equal(ended[1], expected);
    await endTree(pid);
  }
});

interface Told {
  readonly pid: number;
  readonly ancestors: unknown;
  readonly rest: unknown;
  readonly env: Readonly<Record<string, unknown>>;
  readonly cwd: unknown;
}

function isTold(value: unknown): value is Told {
  return typeof value === 'object' && value !== null && 'pid' in value && 'env' in value;
}
