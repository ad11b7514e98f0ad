import assert from 'node:assert/strict';
import { execPath } from 'node:process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { isGitOpsError } from '../../src/domain/errors.js';
import { exists } from '../../src/os/files.js';
import { listProcesses } from '../../src/runtime/processes.js';
import { connectDaemon } from '../../src/runtime/rpc.js';
import {
  daemonInfo,
  deleteProcesses,
  saveList,
  startApps,
  type StartTools,
} from '../../src/runtime/start.js';
import { SERVES } from './apps.js';
import { eventually, PM2_PACKAGES, startDaemon, temporaryFolder, terminalEnv, testSignal } from './daemon.js';

const { platform } = process;

function toolsFor(home: string, lines: string[] = []): StartTools {
  const note = (line: string): void => void lines.push(line);
  return { home, platform, report: { step: note, output: note } };
}

for (const pm2Package of PM2_PACKAGES) {
  test(`${pm2Package}: apps are started by the daemon's own pm2, with a clean environment`, async (t) => {
    const { home, root, daemon, pid, write } = await startDaemon(t, pm2Package);
    await write('app.js', SERVES);
    const file = join(root, 'start.json');
    const lines: string[] = [];
    const apps = [{ name: 'web', script: 'app.js', cwd: root, env: { PORT: '8' } }];
    // No pm2 is in this PATH: the command line is found by what the daemon says of itself.
    const env = { PATH: dirname(execPath), HOME: home };
    await startApps({ apps, env, file }, toolsFor(home, lines), testSignal());
    const [web] = await listProcesses(daemon, testSignal());
    assert.equal(web?.name, 'web');
    assert.equal(await exists(file), false);
    assert.ok(lines.some((line) => line.includes('web')));
    assert.ok(lines.every((line) => !line.includes('\u001b')));
    await eventually(() => exists(join(root, 'up-0')));
    const variables: unknown = JSON.parse(await readFile(join(root, 'up-0'), 'utf8'));
    assert.ok(typeof variables === 'object' && variables !== null && !('NODE_TEST_CONTEXT' in variables));
    const info = await daemonInfo(daemon, testSignal());
    assert.equal(info.pid, pid);
    assert.ok(info.folder?.endsWith(pm2Package));
    assert.match(info.version, /^[567]\./);
  });
}

test("another's app of the same name is not touched", async (t) => {
  const { home, root, daemon, start, write } = await startDaemon(t);
  await write('app.js', SERVES);
  await start({ name: 'web', script: 'app.js' });
  const before = await listProcesses(daemon, testSignal());
  const apps = [
    { name: 'api', script: 'app.js', cwd: home },
    { name: 'web', script: 'app.js', cwd: home },
  ];
  const plan = { apps, env: terminalEnv(home), file: join(home, 'start.json') };
  await assert.rejects(startApps(plan, toolsFor(home), testSignal()), {
    code: 'NAMES_TAKEN',
    message: new RegExp(`web, in ${root}`),
  });
  assert.deepEqual(await listProcesses(daemon, testSignal()), before);
});

test('what pm2 cannot start is told in its own words', async (t) => {
  const { home, root } = await startDaemon(t);
  const apps = [{ name: 'web', script: 'missing.js', cwd: root }];
  const plan = { apps, env: terminalEnv(home), file: join(root, 'start.json') };
  await assert.rejects(startApps(plan, toolsFor(home), testSignal()), {
    code: 'RELEASE_INVALID',
    message: /missing\.js/,
  });
  assert.equal(await exists(plan.file), false);
});

test('no daemon is started unless it is wanted', async (t) => {
  const home = await temporaryFolder(t);
  const plan = { apps: [], env: terminalEnv(home), file: join(home, 'start.json') };
  await assert.rejects(startApps(plan, toolsFor(home), testSignal()), { code: 'DAEMON_ABSENT' });
  assert.equal(await exists(join(home, 'pm2.pid')), false);
});

test(
  'a wanted daemon is started by the pm2 in PATH, whatever banner it prints',
  { skip: platform === 'win32' },
  async (t) => {
    const { home, root, pid, write, cli } = await startDaemon(t);
    process.kill(pid, 'SIGKILL');
    const isAbsent = (error: unknown): boolean => isGitOpsError(error, 'DAEMON_ABSENT');
    await eventually(() => connectDaemon({ home, platform }, testSignal()).then(() => false, isAbsent));
    const pm2 = await write(
      'bin/pm2',
      `#!/bin/sh\necho '>>>> In-memory PM2 is out-of-date'\nexec '${execPath}' '${cli}' "$@"\n`,
    );
    await chmod(pm2, 0o755);
    await write('app.js', SERVES);
    const env = { ...terminalEnv(home), PATH: `${dirname(pm2)}:${terminalEnv(home)['PATH'] ?? ''}` };
    const apps = [{ name: 'web', script: 'app.js', cwd: root }];
    await startApps(
      { apps, env, file: join(root, 'start.json'), startDaemon: true },
      toolsFor(home),
      testSignal(),
    );
    const daemon = await connectDaemon({ home, platform }, testSignal());
    assert.equal((await listProcesses(daemon, testSignal())).length, 1);
    daemon.close();
  },
);

test(
  'pm2 is called from a folder that exists, also where its home is still to be made',
  { skip: platform === 'win32' },
  async (t) => {
    const folder = await temporaryFolder(t);
    const pm2 = join(folder, 'pm2');
    await writeFile(pm2, `#!/bin/sh\npwd > '${join(folder, 'called-in')}'\n`);
    await chmod(pm2, 0o755);
    const home = join(folder, 'user', '.pm2');
    const env = { ...terminalEnv(home), PATH: `${folder}:${terminalEnv(home)['PATH'] ?? ''}` };
    const plan = { apps: [{ name: 'web', script: 'app.js', cwd: folder }], env, startDaemon: true };
    await startApps({ ...plan, file: join(folder, 'start.json') }, toolsFor(home), testSignal());
    assert.equal(await readFile(join(folder, 'called-in'), 'utf8'), `${folder}\n`);
  },
);

test('entries are deleted, and deleting them again is no failure', async (t) => {
  const { daemon, write, start } = await startDaemon(t);
  await write('app.js', SERVES);
  await start({ name: 'web', script: 'app.js', instances: 2, exec_mode: 'fork' });
  await deleteProcesses(daemon, [1], testSignal());
  assert.deepEqual(
    (await listProcesses(daemon, testSignal())).map(({ pmId }) => pmId),
    [0],
  );
  await deleteProcesses(daemon, [0, 1], testSignal());
  assert.deepEqual(await listProcesses(daemon, testSignal()), []);
});

test('the list is saved only for a user who saves it', async (t) => {
  const { home, write, start, pm2 } = await startDaemon(t);
  const dump = join(home, 'dump.pm2');
  await write('app.js', SERVES);
  await start({ name: 'web', script: 'app.js' });
  await saveList(terminalEnv(home), toolsFor(home), testSignal());
  assert.equal(await exists(dump), false);
  await pm2('save');
  await start({ name: 'api', script: 'app.js' });
  await saveList(terminalEnv(home), toolsFor(home), testSignal());
  assert.match(await readFile(dump, 'utf8'), /"name": ?"api"/);
});
