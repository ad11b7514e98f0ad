import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { parseChannel } from '../../src/domain/channel.js';
import { parseRefs } from '../../src/source/git.js';
import { listRefs } from '../../src/source/list-refs.js';
import { commit } from '../domain/releases.js';
import { ownFolder } from '../folder.js';

const PATH = process.env['PATH'] ?? '';
const place = (cwd: string) => ({ cwd, signal: new AbortController().signal, background: false });

test('the answer of git ls-remote is read: annotated tags at their commit, and nothing that is no ref', () => {
  const text = [
    `${commit(1)}\trefs/tags/v1.0.0`,
    `${commit(2)}\trefs/tags/v1.1.0`,
    `${commit(3)}\trefs/tags/v1.1.0^{}`,
    `${commit(4)}\trefs/heads/main`,
    `${'a'.repeat(64)}\trefs/tags/v2.0.0`,
    'warning: something',
    `${commit(5)} refs/tags/space`,
    `${commit(5).slice(1)}\trefs/tags/short`,
    '',
  ].join('\n');
  assert.deepEqual(parseRefs(text), [
    { name: 'refs/tags/v1.0.0', commit: commit(1) },
    { name: 'refs/tags/v1.1.0', commit: commit(3), object: commit(2) },
    { name: 'refs/heads/main', commit: commit(4) },
    { name: 'refs/tags/v2.0.0', commit: 'a'.repeat(64) },
  ]);
  assert.deepEqual(parseRefs(''), []);
  const peeledFirst = `${commit(3)}\trefs/tags/v1^{}\n${commit(2)}\trefs/tags/v1\n`;
  assert.deepEqual(parseRefs(peeledFirst), [{ name: 'refs/tags/v1', commit: commit(3), object: commit(2) }]);
});

/** A repository with two tags, one of them annotated, a branch and a ref of its own. */
async function repository(context: TestContext) {
  const folder = await ownFolder(context);
  const env = { PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      env,
      encoding: 'utf8',
    }).trim();
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'one');
  git('tag', 'v1.0.0');
  git('tag', '-a', '-m', 'annotated', 'v1.1.0');
  git('branch', 'other');
  git('update-ref', 'refs/deploy/prod', 'HEAD');
  return { folder, env, head: git('rev-parse', 'HEAD') };
}

test('a real repository tells its tags, and the branch or ref that the channel names', async (context) => {
  const { folder, env, head } = await repository(context);
  const table: [string, string[]][] = [
    ['stable', ['refs/tags/v1.0.0', 'refs/tags/v1.1.0']],
    ['branch:main', ['refs/heads/main', 'refs/tags/v1.0.0', 'refs/tags/v1.1.0']],
    ['ref:deploy/prod', ['refs/deploy/prod', 'refs/tags/v1.0.0', 'refs/tags/v1.1.0']],
    ['ref:refs/heads/other', ['refs/heads/other', 'refs/tags/v1.0.0', 'refs/tags/v1.1.0']],
    ['branch:gone', ['refs/tags/v1.0.0', 'refs/tags/v1.1.0']],
  ];
  for (const [text, expected] of table) {
    const channel = parseChannel(text);
    assert.ok(channel !== null);
    const refs = await listRefs({ url: `file://${folder}`, env }, { channels: [channel] }, place(folder));
    assert.deepEqual(refs.map(({ name }) => name).sort(), expected, text);
    assert.ok(refs.every((ref) => ref.commit === head));
  }
});

test('why the source cannot be listed is told, without its password', async (context) => {
  const folder = await ownFolder(context);
  const env = { PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  const list = (url: string) => listRefs({ url, env }, { channels: [{ kind: 'stable' }] }, place(folder));
  await assert.rejects(list('http://me:hunter2@127.0.0.1:1/a.git'), (error: Error & { code: unknown }) => {
    assert.equal(error.code, 'SOURCE_UNREACHABLE');
    assert.match(error.message, /^cannot list the refs of http:\/\/127\.0\.0\.1:1\/a\.git: /);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
  await assert.rejects(list(join(folder, 'gone.git')), { code: 'SOURCE_REFUSED' });
  await assert.rejects(list('ext::sh -c true'), {
    code: 'SOURCE_UNREACHABLE',
    message: /transport 'ext' not allowed/,
  });
});

test('an address that looks like an option is an address', async (context) => {
  const folder = await ownFolder(context);
  const trace = join(folder, 'trace');
  const remote = { url: `--upload-pack=touch ${trace}`, env: { PATH, HOME: folder } };
  await assert.rejects(listRefs(remote, { channels: [{ kind: 'stable' }] }, place(folder)), {
    code: /^SOURCE_/,
  });
  assert.equal(existsSync(trace), false);
});

test('git that is missing, is cancelled, or answers nothing of use', async (context) => {
  const folder = await ownFolder(context);
  const list = (path: string, signal = new AbortController().signal) =>
    listRefs(
      { url: 'git://127.0.0.1:1/a', env: { PATH: path } },
      { channels: [{ kind: 'stable' }] },
      { ...place(folder), signal },
    );
  await assert.rejects(list('/nowhere'), { code: 'GIT_MISSING' });
  await assert.rejects(list(PATH, AbortSignal.abort()), { code: 'ABORTED' });
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'git'), '#!/bin/sh\necho "Welcome to the banner"\n');
  await chmod(join(bin, 'git'), 0o755);
  assert.deepEqual(await list(`${bin}:${PATH}`), []);
  await writeFile(join(bin, 'git'), '#!/bin/sh\nexit 9\n');
  await assert.rejects(list(`${bin}:${PATH}`), { code: 'SOURCE_UNREACHABLE', message: /git said nothing$/ });
});

test('ssh is the one that the user chose for git, in any of its ways; without a choice it asks nobody anything', async (context) => {
  const { folder, env } = await repository(context);
  const trace = join(folder, 'trace');
  for (const name of ['path', 'config', 'variable', 'command']) {
    await mkdir(join(folder, name));
    const program = `#!/bin/sh\necho "${name} $*" >> '${trace}'\nfor last; do :; done\nexec sh -c "$last"\n`;
    await writeFile(join(folder, name, 'ssh'), program);
    await chmod(join(folder, name, 'ssh'), 0o755);
  }
  const list = (more: Record<string, string> = {}) =>
    listRefs(
      {
        url: `ssh://host.invalid${folder}`,
        env: { ...env, PATH: `${join(folder, 'path')}:${PATH}`, ...more },
      },
      { channels: [{ kind: 'stable' }] },
      place(folder),
    );
  assert.equal((await list()).length, 2);
  await writeFile(join(folder, '.gitconfig'), `[core]\nsshCommand = ${join(folder, 'config', 'ssh')} -v\n`);
  await list();
  await list({ GIT_SSH_COMMAND: join(folder, 'command', 'ssh') });
  await writeFile(join(folder, '.gitconfig'), '');
  await list({ GIT_SSH: join(folder, 'variable', 'ssh') });
  const told = (await readFile(trace, 'utf8')).split('\n').filter((line) => line !== '');
  assert.deepEqual(
    told.map((line) => line.split(' ')[0]),
    ['path', 'config', 'command', 'variable'],
  );
  assert.match(told[0] ?? '', /-oBatchMode=yes/);
  assert.match(told[1] ?? '', /^config -v /);
});
