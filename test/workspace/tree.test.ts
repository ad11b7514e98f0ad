import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execa } from 'execa';
import { changedPaths, checkOutTree, madePaths, type TreePlace } from '../../src/workspace/tree.js';
import { fetchCommit } from '../../src/workspace/mirror.js';
import { Bench, releaseOf } from './bench.js';

describe('a tree', () => {
  let bench: Bench;
  let commit: string;
  let place: TreePlace;

  before(async () => {
    bench = await Bench.open();
    const source = bench.path('source');
    await mkdir(source);
    const git = async (...args: string[]): Promise<string> =>
      (
        await execa('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid', ...args], {
          cwd: source,
        })
      ).stdout;
    await git('init', '--quiet');
    await bench.write(
      {
        'run.sh': '#!/bin/sh\n',
        'src/a.js': 'a\n',
        '.gitignore': 'node_modules\ndist\n',
        '.gitattributes': '*.js filter=evil\n',
      },
      source,
    );
    await chmod(join(source, 'run.sh'), 0o755);
    await symlink('src/a.js', join(source, 'link.js'));
    await git('add', '-A');
    await git('commit', '--quiet', '-m', 'x');
    commit = await git('rev-parse', 'HEAD');
    // A filter of the user's that leaves a trace when it runs.
    await bench.write(
      { '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${bench.path('pwned')} && cat\n` },
      bench.path(),
    );
    await fetchCommit(
      {
        mirror: bench.mirror,
        remote: { url: source, env: {} },
        release: releaseOf('v1', commit),
        shallow: true,
        seed: null,
      },
      bench.effort(),
    );
    place = { mirror: bench.mirror, commit, tree: bench.path('tree'), index: bench.path('index') };
  });
  after(() => bench.close());

  it('has files, modes and links as they were committed, and runs no filter', async () => {
    await bench.write({ 'left/over.txt': 'of an earlier attempt' }, place.tree);
    assert.equal(await checkOutTree(place, bench.effort()), 'done');
    assert.equal(await readFile(join(place.tree, 'src/a.js'), 'utf8'), 'a\n');
    assert.equal((await lstat(join(place.tree, 'run.sh'))).mode & 0o111, 0o111);
    assert.equal(await readlink(join(place.tree, 'link.js')), 'src/a.js');
    await assert.rejects(lstat(bench.path('pwned')), { code: 'ENOENT' });
    await assert.rejects(lstat(join(place.tree, 'left')), { code: 'ENOENT' });
    await assert.rejects(lstat(join(place.tree, '.git')), { code: 'ENOENT' });
  });

  it('knows what was made beyond the commit, top-most, ignored or not', async () => {
    await checkOutTree(place, bench.effort());
    await bench.write(
      {
        'node_modules/x/index.js': '',
        'dist/a.js': '',
        'src/gen/b.js': '',
        'src/ä c.js': '',
        '.gitops-release.json': '{}',
      },
      place.tree,
    );
    await mkdir(join(place.tree, 'empty'));
    await symlink('/tmp', join(place.tree, 'uploads'));
    assert.deepEqual(await madePaths(place, ['uploads'], bench.effort()), [
      'dist',
      'empty',
      'node_modules',
      'src/gen',
      'src/ä c.js',
    ]);
    assert.deepEqual(await changedPaths(place, [], bench.effort()), []);
    await writeFile(join(place.tree, 'src/a.js'), 'changed\n');
    assert.deepEqual(await changedPaths(place, [], bench.effort()), ['src/a.js']);
  });
});
