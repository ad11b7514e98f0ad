import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { GitOpsError } from '../../src/domain/errors.js';
import { incarnations } from '../../src/domain/process.js';
import { exists } from '../../src/os/files.js';
import { listProcesses } from '../../src/runtime/processes.js';
import type { Daemon } from '../../src/runtime/rpc.js';
import {
  CRASHES_AT_START,
  CRASHES_LATE,
  REJECTS_LATER,
  SERVES,
  servesOn,
  servesOrWaitsOn,
  SLOWLY_REJECTS,
} from './apps.js';
import {
  CHOSEN_PM2,
  eventually,
  freePort,
  isAlive,
  startDaemon,
  testSignal,
  type TestDaemon,
} from './daemon.js';
import { health, rollRoot, type Rolled } from './rolling.js';

/** The cause of a roll that did not succeed. */
function causeOf({ outcome }: Rolled): string {
  if (outcome.healthy) assert.fail('the release was found healthy');
  return outcome.cause;
}

/** The processes of `pmIds` are the same as before. */
function assertUntouched({ before, after }: Rolled, pmIds: readonly number[]): void {
  const only = (all: Rolled['before']): unknown =>
    incarnations(all).filter(({ pmId }) => pmIds.includes(pmId));
  assert.deepEqual(only(after), only(before));
  assert.equal(incarnations(after).filter(({ pmId }) => pmIds.includes(pmId)).length, pmIds.length);
}

async function startWeb(target: TestDaemon, app: Record<string, unknown>): Promise<void> {
  await target.write('app.js', SERVES);
  await target.start({ name: 'web', script: 'app.js', ...app });
  const all = await listProcesses(target.daemon, testSignal());
  await eventually(async () =>
    (await Promise.all(all.map(({ pmId }) => exists(join(target.root, `up-${pmId}`))))).every(Boolean),
  );
}

test('a release that crashes at its start is found out fast, and the other processes are not touched', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, { instances: 3, exec_mode: 'fork' });
  await target.write('app.js', CRASHES_AT_START);
  const rolled = await rollRoot(target, { health: health({ settleMs: 10_000 }) });
  assert.match(
    causeOf(rolled),
    /^web 0 crashed .*exit code 1.*TypeError: this release is broken; its error log: .*error/,
  );
  assert.ok(rolled.tookMs < 8_000, `not after the settle time: ${rolled.tookMs} ms`);
  assertUntouched(rolled, [1, 2]);
});

test('a crash within the settle time is found out as soon as it happens', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, {});
  await target.write('app.js', CRASHES_LATE);
  const rolled = await rollRoot(target, { health: health({ settleMs: 10_000 }) });
  assert.match(causeOf(rolled), /^web 0 crashed .*exit code 3.*RangeError: out of luck/);
  assert.ok(rolled.tookMs < 8_000, `not after the settle time: ${rolled.tookMs} ms`);
  assert.ok(rolled.lines.includes('RangeError: out of luck'));
});

for (const pm2Package of CHOSEN_PM2)
  for (const exec_mode of ['fork', 'cluster'])
    test(`${pm2Package}, ${exec_mode}: an ES module that fails to load is no release, though pm2 keeps its process`, async (t) => {
      const target = await startDaemon(t, pm2Package);
      await target.write('package.json', '{ "type": "module" }');
      const serves = `import { createServer } from 'node:http'; createServer().listen(0, '127.0.0.1');`;
      await target.write('app.js', serves);
      await target.start({ name: 'web', script: 'app.js', exec_mode, listen_timeout: 500 });
      for (const broken of [CRASHES_AT_START, `import './nowhere.js';`, 'no syntax', SLOWLY_REJECTS]) {
        await target.write('app.js', broken);
        // Found out at once; on a busy machine a program takes its time to load.
        const rolled = await rollRoot(target, { health: health({ settleMs: 5_000 }) });
        assert.match(causeOf(rolled), /^web 0 could not load its code/, broken);
      }
      await target.write('app.js', `${serves} ${REJECTS_LATER}`);
      assert.deepEqual((await rollRoot(target)).outcome, { healthy: true });
    });

test('what leaves with the cause of a failure opens no door and colours nothing', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, {});
  const command = 'false https://me:s3cret@h/';
  const failing = await rollRoot(target, { health: health({ command, timeoutMs: 500 }) });
  assert.match(causeOf(failing), /ended with 1: false https:\/\/h\/$/);
  await target.write(
    'app.js',
    `throw new Error('\u001b[31mno way to postgres://app:s3cret@db/shop\\u0007');`,
  );
  const crashing = await rollRoot(target);
  assert.match(causeOf(crashing), /Error: no way to postgres:\/\/db\/shop; its error log/);
});

test('a crash in a later batch is found out as well', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, { instances: 3, exec_mode: 'fork' });
  await target.write(
    'app.js',
    `if (process.env.NODE_APP_INSTANCE === '2') { ${CRASHES_AT_START} } ${SERVES}`,
  );
  const rolled = await rollRoot(target);
  assert.match(causeOf(rolled), /^web 2 crashed/);
});

for (const pm2Package of CHOSEN_PM2)
  test(`${pm2Package}: a crashing cluster release is seen at once, and takes no worker down`, async (t) => {
    const target = await startDaemon(t, pm2Package);
    await startWeb(target, { instances: 2, exec_mode: 'cluster', listen_timeout: 20_000 });
    await target.write('app.js', CRASHES_AT_START);
    const rolled = await rollRoot(target);
    assert.match(causeOf(rolled), /^web 0 crashed/);
    assert.ok(
      rolled.tookMs < 10_000,
      `not when pm2 gives the new worker up, but at once: ${rolled.tookMs} ms`,
    );
    assertUntouched(rolled, [1]);
    const former = rolled.before.find(({ pmId }) => pmId === 0)?.pid ?? 0;
    assert.ok(isAlive(former), 'pm2 still keeps the former worker for the reload');
    await target.write('app.js', SERVES);
    // The way back: pm2 would refuse another reload, or forget the former worker.
    const bad = incarnations(rolled.after.filter(({ pmId }) => pmId === 0));
    const back = await rollRoot(target, { old: bad, proven: incarnations(rolled.before) });
    assert.deepEqual(back.outcome, { healthy: true });
    assertUntouched(back, [1]);
  });

test('a release that finds its port taken is unhealthy', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await startWeb(target, {});
  await target.write('other.js', servesOn(port));
  await target.start({ name: 'other', script: 'other.js' });
  await target.write('app.js', servesOn(port));
  const rolled = await rollRoot(target, { targets: (all) => all.filter(({ name }) => name === 'web') });
  assert.match(causeOf(rolled), /^web 0 crashed .*EADDRINUSE/);
});

test(
  'an old server that outlives its wrapper and still answers is no success',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const target = await startDaemon(t);
    const port = await freePort();
    await target.write('server.js', servesOrWaitsOn(port));
    await target.write(
      'run.sh',
      `trap 'exit 0' INT\n'${process.execPath}' server.js &\necho $! >> children\nwait\n`,
    );
    await target.start({ name: 'web', script: 'run.sh', interpreter: '/bin/sh', treekill: false });
    await eventually(() => exists(join(target.root, 'server.pid')));
    const url = `http://127.0.0.1:${port}/`;
    const rolled = await rollRoot(target, { health: health({ url, timeoutMs: 600 }) });
    const survivor = await readFile(join(target.root, 'server.pid'), 'utf8');
    const children = await readFile(join(target.root, 'children'), 'utf8');
    for (const pid of children.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    assert.match(causeOf(rolled), new RegExp(`^port ${port} is answered by process ${survivor} `));
  },
);

test('a release whose folder is gone is unhealthy, though pm2 says "online"', async (t) => {
  const target = await startDaemon(t);
  await target.write('inner/app.js', SERVES);
  await target.start({ name: 'web', script: 'app.js', cwd: join(target.root, 'inner') });
  await rm(join(target.root, 'inner'), { recursive: true });
  const rolled = await rollRoot(target);
  assert.match(causeOf(rolled), /^web 0 cannot start: its folder .*inner is gone/);
});

test('an address that never answers, or answers no, is unhealthy', async (t) => {
  const target = await startDaemon(t);
  const port = await freePort();
  await startWeb(target, {});
  const silent = await rollRoot(target, {
    health: health({ url: `http://127.0.0.1:${port}/`, timeoutMs: 500 }),
  });
  assert.match(causeOf(silent), /does not answer/);
  await target.write('app.js', servesOn(port).replace("response.end('ok')", 'response.writeHead(503).end()'));
  const refusing = await rollRoot(target, {
    health: health({ url: `http://127.0.0.1:${port}/`, timeoutMs: 500 }),
  });
  assert.match(causeOf(refusing), /answers 503/);
});

test('a health command that fails, or hangs, is unhealthy', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, {});
  const failing = await rollRoot(target, {
    health: health({ command: 'echo no database; exit 9', timeoutMs: 500 }),
  });
  assert.match(causeOf(failing), /ended with 9/);
  assert.ok(failing.lines.includes('no database'));
  const hanging = await rollRoot(target, { health: health({ command: 'sleep 600', timeoutMs: 500 }) });
  assert.match(causeOf(hanging), /did not end in time/);
});

test('what somebody deletes, stops or restarts meanwhile is not held against the release, and proves nothing', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, { instances: 4, exec_mode: 'fork' });
  // Longer than three command lines of pm2 take at once, however loaded the machine.
  const settling = health({ settleMs: 6_000 });
  const restart = { mode: 'restart', first: 4, batch: null } as const;
  const rolling = rollRoot(target, { restart, health: settling });
  const old = incarnations(await listProcesses(target.daemon, testSignal()));
  const pids = async (): Promise<Map<number, number>> => {
    const lives = incarnations(await listProcesses(target.daemon, testSignal()));
    return new Map(lives.map(({ pmId, pid }) => [pmId, pid]));
  };
  const changed = await eventually(async () => {
    const now = await pids();
    return now.size === 4 && old.every(({ pmId, pid }) => now.get(pmId) !== pid) && now;
  });
  await Promise.all([target.pm2('delete', '0'), target.pm2('stop', '1'), target.pm2('restart', '2')]);
  const { outcome, lines } = await rolling;
  assert.deepEqual(outcome, { healthy: true }, lines.join('\n'));
  assert.match(lines.join('\n'), /web 0: .*deleted.*left out[^]*web 1: .*stopped.*left out|web 1[^]*web 0/);
  const after = await pids();
  assert.deepEqual([...after.keys()], [2, 3]);
  assert.ok(after.get(2) !== changed.get(2) && after.get(3) === changed.get(3));
  assert.ok(
    lines.some((line) => line.startsWith('web 2: restarted by somebody else, pid')),
    lines.join('\n'),
  );

  const nobody = assert.rejects(rollRoot(target, { restart, health: settling }), { code: 'NO_APPS' });
  await eventually(async () => {
    const now = [...(await pids()).values()];
    return now.length === 2 && now.every((pid) => ![...after.values()].includes(pid));
  });
  await target.pm2('stop', 'all');
  await nobody;
});

test('a daemon that dies in the middle is not held against the release', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, {});
  const rolling = assert.rejects(rollRoot(target, { health: health({ settleMs: 20_000 }) }), {
    code: 'DAEMON_SILENT',
  });
  const old = incarnations(await listProcesses(target.daemon, testSignal()));
  const [web] = await eventually(async () => {
    const lives = incarnations(await listProcesses(target.daemon, testSignal()));
    return lives.length === 1 && lives[0]?.pid !== old[0]?.pid && lives;
  });
  process.kill(target.pid, 'SIGKILL');
  await rolling;
  if (web !== undefined) process.kill(web.pid, 'SIGKILL');
});

/** The daemon, except that pm2 answers a restart as `answer` wants. */
function withRestart(
  target: TestDaemon,
  answer: (restart: () => Promise<unknown>) => Promise<unknown>,
): TestDaemon {
  const { daemon } = target;
  const call: Daemon['call'] = (method, args, options) => {
    const real = (): Promise<unknown> => daemon.call(method, args, options);
    return method === 'restartProcessId' ? answer(real) : real();
  };
  return { ...target, daemon: { home: daemon.home, call, close: () => undefined } };
}

test('a restart that pm2 refuses, or says it did and did not, is no success', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, {});
  const refusal = new GitOpsError('DAEMON_REFUSED', 'pm2 refused restartProcessId: no');
  const refused = await rollRoot(withRestart(target, () => Promise.reject(refusal)));
  assert.match(causeOf(refused), /^web 0 did not change over: pm2 refused/);
  const pretended = await rollRoot(withRestart(target, () => Promise.resolve({})));
  assert.match(causeOf(pretended), /^web 0 still is the old process/);
});

test('a restart that happened is a success, whatever pm2 answered', async (t) => {
  const target = await startDaemon(t);
  await startWeb(target, {});
  const silence = new GitOpsError('DAEMON_SILENT', 'pm2 did not answer');
  const rolled = await rollRoot(
    withRestart(target, async (restart) => {
      await restart();
      throw silence;
    }),
  );
  assert.deepEqual(rolled.outcome, { healthy: true });
});
