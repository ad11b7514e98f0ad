import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { depsKey } from '../../src/workspace/deps-key.js';
import { readProject } from '../../src/workspace/project.js';
import { reuseModules } from '../../src/workspace/reuse-modules.js';
import { Bench } from './bench.js';

const MODE = { install: 'auto', dev: false } as const;

const BASE: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'app',
    version: '1.0.0',
    dependencies: { lib: '^1.0.0' },
    scripts: { start: 'node .' },
  }),
  'package-lock.json': lock('1.0.0', '1.0.0'),
};

function lock(own: string, lib: string): string {
  const packages = { '': { name: 'app', version: own }, 'node_modules/lib': { version: lib } };
  return JSON.stringify({ name: 'app', version: own, lockfileVersion: 3, packages });
}

describe('the key of dependencies', () => {
  let bench: Bench;
  let count = 0;
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(() => bench.close());

  async function keyOf(
    files: Readonly<Record<string, string>>,
    mode: { install: string | false; dev: boolean } = MODE,
  ): Promise<string | null> {
    const tree = bench.path(`tree-${++count}`);
    await bench.write({ ...BASE, ...files }, tree);
    return depsKey(await readProject(tree), mode);
  }
  const packageJson = (more: object): string =>
    JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { lib: '^1.0.0' }, ...more });

  it('stays when only the version of the release, its code or its scripts changed', async () => {
    const base = await keyOf({});
    assert.notEqual(base, null);
    assert.equal(
      await keyOf({
        'package-lock.json': lock('2.0.0', '1.0.0'),
        'package.json': packageJson({ version: '2.0.0' }),
      }),
      base,
    );
    assert.equal(await keyOf({ 'index.js': 'new' }), base);
    assert.equal(await keyOf({ 'package.json': packageJson({ scripts: { start: 'node other' } }) }), base);
  });

  it('changes with everything that an install reads', async () => {
    const keys = [
      await keyOf({}),
      await keyOf({ 'package-lock.json': lock('1.0.0', '1.0.1') }),
      await keyOf({ 'package.json': packageJson({ overrides: { lib: '1.0.0' } }) }),
      await keyOf({ 'package.json': packageJson({ dependencies: { lib: '~1.0.0' } }) }),
      await keyOf({ 'package.json': packageJson({ engines: { node: '>=20' } }) }),
      await keyOf({ '.npmrc': 'omit=optional' }),
      await keyOf({ 'patches/lib.patch': 'x' }),
      await keyOf({ 'npm-shrinkwrap.json': lock('1.0.0', '1.0.0') }),
      await keyOf({}, { ...MODE, dev: true }),
    ];
    assert.equal(new Set(keys).size, keys.length);
    assert.ok(!keys.includes(null));
  });

  it('is none where an install makes or reads things beside node_modules and the lockfile', async () => {
    for (const more of [
      { scripts: { postinstall: 'node gen' } },
      { scripts: { prepare: 'tsc' } },
      { workspaces: ['packages/*'] },
      { dependencies: { lib: 'file:lib' } },
      { dependencies: { lib: 'link:../lib' } },
    ]) {
      assert.equal(await keyOf({ 'package.json': packageJson(more) }), null, JSON.stringify(more));
    }
    assert.notEqual(
      await keyOf({ 'package.json': packageJson({ dependencies: { lib: 'file:lib.tgz' } }) }),
      null,
    );
    assert.equal(await keyOf({ 'pnpm-workspace.yaml': '' }), null);
    assert.equal(await keyOf({}, { ...MODE, install: 'make deps' }), null);
    assert.equal(await keyOf({}, { ...MODE, install: false }), null);
  });
});

describe('reused dependencies', () => {
  let bench: Bench;
  let from: string;
  let to: string;
  beforeEach(async () => {
    bench = await Bench.open();
    [from, to] = [bench.path('old'), bench.path('new')];
    await bench.write(
      { 'node_modules/lib/index.js': 'old', 'node_modules/lib/bin.js': '#!/usr/bin/env node\n' },
      from,
    );
    await mkdir(join(from, 'node_modules/.bin'));
    await mkdir(join(from, 'node_modules/empty'));
    await chmod(join(from, 'node_modules/lib/bin.js'), 0o755);
    await symlink('../lib/bin.js', join(from, 'node_modules/.bin/lib'));
    await mkdir(to);
  });
  afterEach(() => bench.close());

  it('are the same, with modes, links and empty folders', async () => {
    assert.equal(await reuseModules({ from, to }, new AbortController().signal), true);
    assert.equal(await readFile(join(to, 'node_modules/lib/index.js'), 'utf8'), 'old');
    assert.equal((await lstat(join(to, 'node_modules/lib/bin.js'))).mode & 0o777, 0o755);
    assert.equal(await readlink(join(to, 'node_modules/.bin/lib')), '../lib/bin.js');
    assert.ok((await lstat(join(to, 'node_modules/empty'))).isDirectory());
  });

  it('belong to one release alone: a write in place does not reach the other', async () => {
    await reuseModules({ from, to }, new AbortController().signal);
    await writeFile(join(to, 'node_modules/lib/index.js'), 'new', { flag: 'r+' });
    assert.equal(await readFile(join(from, 'node_modules/lib/index.js'), 'utf8'), 'old');
    assert.equal((await lstat(join(from, 'node_modules/lib/index.js'))).nlink, 1);
  });

  it('are none where there are none, or where node_modules is a link', async () => {
    const signal = new AbortController().signal;
    assert.equal(await reuseModules({ from: bench.path('nowhere'), to }, signal), false);
    await mkdir(bench.path('linked'));
    await symlink(join(from, 'node_modules'), bench.path('linked', 'node_modules'));
    assert.equal(await reuseModules({ from: bench.path('linked'), to }, signal), false);
  });

  it('are not copied on after a cancel', async () => {
    await assert.rejects(reuseModules({ from, to }, AbortSignal.abort(new Error('stop'))), /stop/);
  });
});
