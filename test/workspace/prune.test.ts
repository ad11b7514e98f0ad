import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { execa } from 'execa';
import { MARK_NAME, writeMark } from '../../src/workspace/mark.js';
import { fetchCommit, INCOMING_REF, releaseRef } from '../../src/workspace/mirror.js';
import { prune } from '../../src/workspace/prune.js';
import { Remote } from '../bed/remote.js';
import { NO_DISK, SmallDisk } from '../bed/small-disk.js';
import { Bench, releaseOf } from './bench.js';

const realGit = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();

describe('pruning', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(() => bench.close());

  const commit = (digit: number): string => String(digit).repeat(40);
  async function folder(path: string, ageMinutes: number): Promise<void> {
    await mkdir(path, { recursive: true });
    await age(path, ageMinutes);
  }
  async function age(path: string, ageMinutes: number): Promise<void> {
    const then = Date.UTC(2030, 0, 1) / 1000 - ageMinutes * 60;
    await utimes(path, then, then);
  }
  async function release(digit: number, ageMinutes: number): Promise<void> {
    const path = join(bench.root, 'releases', `v${digit}`);
    await mkdir(path, { recursive: true });
    const mark = { schema: 1, tag: `v${digit}`, commit: commit(digit), depsKey: null, made: [] } as const;
    await writeMark(path, { ...mark, run: `run-${digit}` });
    await age(join(path, MARK_NAME), ageMinutes);
  }
  const request = (more: Partial<Parameters<typeof prune>[0]> = {}): Parameters<typeof prune>[0] => ({
    root: bench.root,
    state: bench.state,
    strategy: 'releases',
    keep: 4,
    protect: [commit(1), commit(2)],
    kept: [],
    runIds: ['run-now'],
    ...more,
  });

  it('keeps active, previous and the newest few by their runs, whatever the times of their files', async () => {
    for (const digit of [1, 2, 3, 4, 5, 6]) await release(digit, digit); // on a clock that was set back again and again
    await folder(join(bench.root, 'releases', 'incomplete'), 0);
    await prune(request(), bench.effort());
    assert.deepEqual((await readdir(join(bench.root, 'releases'))).sort(), ['v1', 'v2', 'v5', 'v6']);
    assert.deepEqual(await readdir(join(bench.state, 'trash')), []);
  });

  it('drops abandoned stages and runs beyond the fiftieth, but not its own', async () => {
    await folder(join(bench.state, 'stage/run-old'), 5);
    await folder(join(bench.state, 'stage/run-now'), 5);
    await folder(join(bench.state, 'runs/now'), 9_999);
    for (let index = 10; index < 65; index++) await folder(join(bench.state, `runs/run-${index}`), index);
    await prune(request({ runIds: ['run-now', 'now'] }), bench.effort());
    assert.deepEqual(await readdir(join(bench.state, 'stage')), ['run-now']);
    const runs = await readdir(join(bench.state, 'runs'));
    assert.equal(runs.length, 51);
    assert.ok(runs.includes('now') && runs.includes('run-64') && !runs.includes('run-14'));
  });

  it('drops what kills leave: old answers, half-written records, mirrors put aside; not what somebody may be writing', async () => {
    const [living, dead] = [process.pid, spawnSync('true').pid].map((pid) => `.${pid.toString(36)}-`);
    const [fresh, old, torn] = [`${living}9z.tmp`, `${living}2b.3c.tmp`, `${dead}9z.tmp`];
    await bench.write({ 'old.json': '', 'new.json': '' }, join(bench.state, 'answers'));
    await bench.write({ [fresh]: '', [old]: '', [torn]: '', 'machine.json': '' }, bench.state);
    await bench.write({ [fresh]: '', 'run.json': '' }, join(bench.state, 'runs', 'run-1'));
    const ago = Date.now() / 1000 - 25 * 60 * 60;
    for (const name of ['answers/old.json', old, 'machine.json'])
      await utimes(join(bench.state, name), ago, ago);
    for (const name of ['mirror.git.damaged', 'mirror.git.new'])
      await mkdir(join(bench.state, name, 'objects'), { recursive: true });
    await prune(request(), bench.effort());
    assert.deepEqual((await readdir(bench.state)).sort(), [
      fresh,
      'answers',
      'machine.json',
      'runs',
      'trash',
    ]);
    assert.deepEqual(await readdir(join(bench.state, 'runs', 'run-1')), ['run.json']);
    assert.deepEqual(await readdir(join(bench.state, 'answers')), ['new.json']);
  });

  it('forgets the objects of releases that are gone', async () => {
    const remote = await Remote.open();
    try {
      const commits = [];
      for (const tag of ['v1', 'v2', 'v3']) commits.push(await remote.release(tag, { a: tag }));
      for (const [index, id] of commits.entries()) {
        await fetchCommit(
          {
            mirror: bench.mirror,
            remote: { url: remote.url, env: {} },
            release: releaseOf(`v${index}`, id),
            shallow: true,
            seed: null,
          },
          bench.effort(),
        );
      }
      await execa('git', ['--git-dir', bench.mirror, 'update-ref', INCOMING_REF, commits[1] ?? '']);
      await prune(request({ strategy: 'checkout', keep: 1, protect: commits.slice(0, 1) }), bench.effort());
      const { stdout } = await execa('git', [
        '--git-dir',
        bench.mirror,
        'for-each-ref',
        '--format=%(refname)',
        'refs/gitops/',
      ]);
      assert.deepEqual(
        stdout.split('\n').sort(),
        [commits[0], commits[2]].map((id) => releaseRef(id ?? '')).sort(),
      );
    } finally {
      await remote.close();
    }
  });

  /** A mirror with the refs of some releases. */
  async function mirrorWith(...digits: readonly number[]): Promise<void> {
    const git = async (...args: string[]): Promise<string> =>
      (await execa('git', ['--git-dir', bench.mirror, ...args], { input: '' })).stdout;
    await execa('git', ['init', '--quiet', '--bare', bench.mirror]);
    const blob = await git('hash-object', '-w', '--stdin');
    for (const digit of digits) await git('update-ref', releaseRef(commit(digit)), blob);
  }
  async function refs(): Promise<string[]> {
    const { stdout } = await execa('git', ['--git-dir', bench.mirror, 'for-each-ref', '--format=%(refname)']);
    return stdout.split('\n').filter((ref) => ref !== '');
  }

  it(
    'skips what lies on a read-only disk, says so, and removes it when the disk is back',
    { skip: NO_DISK },
    async () => {
      const disk = await SmallDisk.open(bench.root, 8);
      try {
        for (const digit of [1, 2, 3]) await release(digit, digit);
        await mkdir(bench.state);
        await mirrorWith(1, 2, 3);
        await folder(join(bench.state, 'trash', 'from-before'), 1);
        await writeFile(join(bench.mirror, 'packed-refs.lock'), '');
        await disk.makeReadOnly();
        await prune(request({ keep: 2 }), bench.effort());
        assert.deepEqual((await readdir(join(bench.root, 'releases'))).sort(), ['v1', 'v2', 'v3']);
        assert.match(bench.steps.join('\n'), /releases\/v3 stays for now: .*read-only/);
        assert.match(bench.steps.join('\n'), /mirror\.git stays for now: .*read-only/);
        await disk.makeWritable();
        await prune(request({ keep: 2 }), bench.effort());
        assert.deepEqual((await readdir(join(bench.root, 'releases'))).sort(), ['v1', 'v2']);
        assert.deepEqual(
          [await readdir(join(bench.state, 'trash')), await refs()],
          [[], [1, 2].map(commit).map(releaseRef)],
        );
      } finally {
        await disk.close();
      }
    },
  );

  it('ends at its limit, whether git hangs or there is too much to remove, and goes on the next time', async () => {
    for (const digit of [1, 2, 3]) await release(digit, digit);
    for (let n = 0; n < 300; n += 1)
      await bench.write({ [`a/${n}/b/c`]: '' }, join(bench.root, 'releases', 'v3'));
    await mirrorWith(1, 2, 3);
    await bench.program('git', 'exec sleep 7654');
    const startMs = performance.now();
    await prune(request({ keep: 2 }), bench.effort(5));
    assert.ok(performance.now() - startMs < 5_000);
    assert.match(
      bench.steps.join('\n'),
      /trash stays for now: there is more in it than could be removed at once/,
    );
    assert.match(bench.steps.join('\n'), /mirror\.git stays for now: git did not end within/);
    assert.deepEqual((await readdir(join(bench.root, 'releases'))).sort(), ['v1', 'v2']);
    assert.equal((await readdir(join(bench.state, 'trash'))).length, 1);
    await bench.program('git', `exec ${realGit} "$@"`);
    await prune(request({ keep: 2 }), bench.effort());
    assert.deepEqual(
      [await readdir(join(bench.state, 'trash')), await refs()],
      [[], [1, 2].map(commit).map(releaseRef)],
    );
  });

  it('does nothing in an empty root', async () => {
    await prune(request(), bench.effort());
    assert.deepEqual(await readdir(bench.state), ['trash']);
  });
});
