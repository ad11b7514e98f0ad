import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, afterEach, describe, it } from 'node:test';
import { execa } from 'execa';
import { fetchCommit, type FetchRequest } from '../../src/workspace/mirror.js';
import { Remote } from '../bed/remote.js';
import { Bench, releaseOf } from './bench.js';

describe('the mirror', () => {
  let remote: Remote;
  let bench: Bench;
  let first: string;
  let second: string;

  before(async () => {
    remote = await Remote.open();
    first = await remote.release('v1.0.0', { 'a.txt': 'one\n' });
    second = await remote.release('v1.1.0', { 'a.txt': 'two\n' });
  });
  after(() => remote.close());
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(() => bench.close());

  function request(more: Partial<FetchRequest> = {}): FetchRequest {
    return {
      mirror: bench.mirror,
      remote: { url: remote.url, env: {} },
      release: releaseOf('v1.1.0', second),
      shallow: true,
      seed: null,
      ...more,
    };
  }
  const inMirror = async (...args: string[]): Promise<string> =>
    (await execa('git', ['--git-dir', bench.mirror, ...args])).stdout;

  it('is made, and gets the commit by its id, without history, under a ref of ours', async () => {
    await fetchCommit(request(), bench.effort());
    assert.equal(await inMirror('rev-parse', `refs/gitops/releases/${second}`), second);
    assert.equal(await inMirror('rev-list', '--count', second), '1');
    assert.equal(await inMirror('tag'), '');
  });

  it('asks nobody for what it has', async () => {
    await fetchCommit(request(), bench.effort());
    const asked = remote.counts.fetch;
    await fetchCommit(request({ remote: { url: 'http://127.0.0.1:1/gone.git', env: {} } }), bench.effort());
    assert.equal(remote.counts.fetch, asked);
  });

  it('looks once for what it has where no seed was planted', async () => {
    await bench.program('git', `echo "$*" >> '${bench.path('git.log')}'\nPATH="\${PATH#*:}" exec git "$@"`);
    await fetchCommit(request(), bench.effort());
    assert.equal(
      (await bench.read('git.log')).split('\n').filter((line) => line.includes(' rev-list ')).length,
      1,
    );
  });

  it('removes the lock files that a killed git left', async () => {
    await fetchCommit(request({ release: releaseOf('v1.0.0', first) }), bench.effort());
    const locks = [
      'shallow.lock',
      'HEAD.lock',
      'packed-refs.lock',
      'index.lock',
      'config.lock',
      `refs/gitops/releases/${second}.lock`,
    ];
    for (const lock of locks) await writeFile(join(bench.mirror, lock), '');
    await fetchCommit(request(), bench.effort());
    assert.deepEqual(
      (await readdir(bench.mirror, { recursive: true })).filter((name) => name.endsWith('.lock')),
      [],
    );
  });

  it('takes what a local checkout has, so that history is not downloaded again', async () => {
    const checkout = bench.path('checkout');
    await execa('git', ['clone', '--quiet', '--branch', 'v1.1.0', remote.fileUrl, checkout]);
    const dead = { url: 'http://127.0.0.1:1/gone.git', env: {} };
    await fetchCommit(request({ seed: checkout, shallow: false, remote: dead }), bench.effort());
    assert.equal(await inMirror('rev-list', '--count', second), '2');
  });

  it('goes on without a seed that is none', async () => {
    await fetchCommit(request({ seed: bench.path('nothing') }), bench.effort());
    assert.match(bench.steps.join('\n'), /nothing taken from/);
  });

  it('fetches the ref from a server that refuses ids, and sees that the ref moved', async () => {
    // Protocol v0 hands out only tips: a commit behind the tip is refused by id.
    const old = releaseOf('v1.0.0', first);
    const v0 = {
      url: remote.fileUrl,
      env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: '0' },
    };
    await assert.rejects(
      fetchCommit(
        request({ remote: v0, release: { ...old, ref: 'refs/tags/v1.1.0', commit: 'a'.repeat(40) } }),
        bench.effort(),
      ),
      {
        code: 'COMMIT_MISSING',
        message: /refs\/tags\/v1\.1\.0 of .* moved: it no longer is aaaaaaa/,
      },
    );
  });

  it('tells a commit that the remote no longer has', async () => {
    const gone = { tag: 'v9', commit: 'b'.repeat(40), ref: 'refs/tags/v9' };
    await assert.rejects(fetchCommit(request({ release: gone }), bench.effort()), { code: 'COMMIT_MISSING' });
    await assert.rejects(fetchCommit(request({ release: { ...gone, ref: null } }), bench.effort()), {
      code: 'COMMIT_MISSING',
    });
  });

  it('tells an unreachable source from one that refuses, without a word of the credentials', async () => {
    const dead = request({ remote: { url: 'http://user:hunter2@127.0.0.1:1/x.git', env: {} } });
    await assert.rejects(fetchCommit(dead, bench.effort()), { code: 'SOURCE_UNREACHABLE' });
    remote.auth = { user: 'robot', password: 'right' };
    const wrong = request({ remote: { url: remote.url.replace('//', '//robot:hunter2@'), env: {} } });
    try {
      await assert.rejects(fetchCommit(wrong, bench.effort()), { code: 'SOURCE_REFUSED' });
    } finally {
      remote.auth = null;
    }
    const said = [...bench.steps, ...bench.lines].join('\n');
    assert.doesNotMatch(said, /hunter2/);
  });
});
