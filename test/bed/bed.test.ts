import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { appFiles, builtAppFiles, COMPILER, dependency, packageJson, type AppRelease } from './app.js';
import { askApp, Machine } from './machine.js';
import { claimPorts } from './place.js';
import { environmentOf, processesOf } from './processes.js';
import { Registry } from './registry.js';
import { Remote } from './remote.js';
import { stays, waitFor } from './wait.js';

const LIMIT = { timeout: 120_000 };

test('a remote serves what was committed, counts who asks, and obeys its faults', LIMIT, async (t) => {
  const remote = await Remote.open();
  t.after(() => remote.close());
  const machine = await Machine.open();
  t.after(() => machine.close());
  const first = await remote.release('v1.0.0', { 'a.txt': 'one', 'b/c.txt': 'c' });
  const second = await remote.commit({ 'a.txt': 'two\n', 'b/c.txt': null }, 'second');
  await remote.tag('v1.1.0', { annotated: true });
  await remote.branch('next', { commit: first });

  const refs = await machine.must('git', ['ls-remote', remote.url]);
  for (const line of [
    `${first}\trefs/tags/v1.0.0`,
    `${second}\trefs/tags/v1.1.0^{}`,
    `${first}\trefs/heads/next`,
  ])
    assert.ok(refs.includes(line));
  assert.deepEqual(remote.counts, { advertisement: 0, capabilities: 1, lsRefs: 1, fetch: 0 });
  await machine.must('git', ['clone', '--quiet', remote.url, 'copy']);
  assert.equal(await readFile(machine.path('app', 'copy', 'a.txt'), 'utf8'), 'two\n');
  assert.equal(existsSync(machine.path('app', 'copy', 'b')), false);
  assert.equal(remote.counts.fetch, 1);

  await remote.moveTag('v1.0.0', second);
  await remote.deleteTag('v1.1.0');
  const moved = await machine.must('git', ['ls-remote', remote.fileUrl]);
  assert.ok(moved.includes(`${second}\trefs/tags/v1.0.0`) && !moved.includes('v1.1.0'));

  for (const fault of ['down', 'error', { cutAfter: 10 }] as const) {
    remote.fault = fault;
    assert.notEqual(
      (await machine.exec('git', ['ls-remote', remote.url], {})).code,
      0,
      JSON.stringify(fault),
    );
  }
  for (const fault of ['hang', { dripPerSecond: 20 }] as const) {
    remote.fault = fault;
    assert.equal(
      (await machine.exec('git', ['ls-remote', remote.url], { timeoutMs: 700 })).code,
      null,
      JSON.stringify(fault),
    );
  }
  remote.fault = 'none';
  remote.auth = { user: 'bed', password: 'secret' };
  assert.notEqual(
    (await machine.exec('git', ['ls-remote', remote.url], { env: { GIT_TERMINAL_PROMPT: '0' } })).code,
    0,
  );
  await machine.must('git', ['ls-remote', remote.url.replace('//', '//bed:secret@')]);
});

test(
  'a machine runs the app of a checkout under its own pm2 and leaves nothing when it closes',
  LIMIT,
  async (t) => {
    const registry = await Registry.open();
    t.after(() => registry.close());
    registry.publish(dependency('left', '1.0.0'));
    registry.publish(dependency('left', '1.2.0'));
    registry.publish(COMPILER);
    const port = await claimPorts(4);
    const release: AppRelease = {
      version: 'v1.0.0',
      apps: [
        { name: 'web', port, instances: 2 },
        { name: 'pool', port: port + 2, mode: 'cluster', instances: 2 },
      ],
      dependencies: { left: '^1.0.0' },
    };
    const files = appFiles({ ...release, lockfile: await registry.lockfile(packageJson(release)) });
    const remote = await Remote.open();
    t.after(() => remote.close());
    await remote.release('v1.0.0', files);
    const machine = await Machine.open({ registry });
    t.after(() => machine.close());

    await machine.deploy(remote, 'v1.0.0');
    for (const offset of [0, 1, 2, 3]) {
      const answer = await waitFor(`instance ${offset} to answer`, () => askApp(port + offset));
      assert.deepEqual([answer.version, answer.dependencies], ['v1.0.0', { left: '1.2.0' }]);
    }
    const processes = await machine.processes();
    assert.deepEqual(processes.map(({ name, status }) => `${name} ${status}`).sort(), [
      'pool online',
      'pool online',
      'web online',
      'web online',
    ]);
    assert.deepEqual(
      (await machine.starts()).map(({ pid }) => pid).sort(),
      processes.map(({ pid }) => pid).sort(),
    );
    assert.equal(environmentOf(processes[0]?.pid ?? 0).get('PM2_HOME'), machine.pm2Home);
    assert.equal((await machine.tool('npm').calls(/^ci$/)).length, 1);
    assert.equal(registry.counts.tarball, 1);

    const living = processesOf({
      variable: `PM2_GITOPS_BED=${machine.env['PM2_GITOPS_BED'] ?? '?'}`,
      folder: machine.path(),
    });
    assert.ok(living.length >= 5, 'the daemon and four instances');
    await machine.close();
    assert.equal(existsSync(machine.path()), false);
    await stays(
      'no process of the machine',
      () => living.every(({ pid }) => environmentOf(pid).size === 0),
      300,
    );
  },
);

test(
  'a built app has its script only after the build, by a tool that only dev dependencies bring',
  LIMIT,
  async (t) => {
    const registry = await Registry.open();
    t.after(() => registry.close());
    registry.publish(COMPILER);
    const machine = await Machine.open({ registry });
    t.after(() => machine.close());
    const remote = await Remote.open();
    t.after(() => remote.close());
    const files = builtAppFiles({ version: 'v1.0.0', apps: [] });
    const lockfile = await registry.lockfile(files['package.json'] ?? '');
    await remote.release('v1.0.0', { ...files, 'package-lock.json': lockfile });
    await machine.must('git', ['clone', '--quiet', remote.url, machine.root]);
    await machine.must('npm', ['ci']);
    await machine.must('npm', ['run', 'build']);
    assert.match(await readFile(join(machine.root, 'dist', 'server.cjs'), 'utf8'), /v1\.0\.0/);
  },
);

test('a wrapped tool fails and hangs when told', LIMIT, async (t) => {
  const machine = await Machine.open();
  t.after(() => machine.close());
  await machine.tool('npm').fault({ when: 'ci*', says: 'no registry today', code: 7 });
  const failed = await machine.exec('npm', ['ci', '--x'], {});
  assert.deepEqual([failed.code, failed.stderr], [7, 'no registry today']);
  await machine.tool('npm').fault({ when: '*', hangs: true });
  assert.equal((await machine.exec('npm', ['ci'], { timeoutMs: 300 })).code, null);
  await machine.tool('npm').fault(null);
  assert.match(await machine.must('npm', ['--version']), /^\d+\./);
});
