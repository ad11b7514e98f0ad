import assert from 'node:assert/strict';
import { readdir, readFile, readlink, rm, stat, truncate, writeFile, chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { exists } from '../../src/os/files.js';
import { readMark } from '../../src/workspace/mark.js';
import { depsKeyOf } from '../../src/workspace/stage-dependencies.js';
import { stageRelease, type Staged } from '../../src/workspace/stage.js';
import { parseReleaseConfig } from '../../src/config/release.js';
import { Registry } from '../bed/registry.js';
import { Remote, type Files } from '../bed/remote.js';
import { Bench, releaseOf } from './bench.js';

describe('staging', () => {
  let registry: Registry;
  let remote: Remote;
  let bench: Bench;

  before(async () => {
    registry = await Registry.open();
    registry.publish({ name: 'lib', version: '1.0.0' });
    registry.publish({
      name: 'tool',
      version: '1.0.0',
      manifest: { bin: { tool: 'tool.js' } },
      files: { 'tool.js': TOOL },
    });
  });
  after(() => registry.close());
  beforeEach(async () => {
    remote = await Remote.open();
    bench = await Bench.open();
    bench.setEnv('npm_config_registry', registry.url);
    await bench.program('npm', `echo "$*" >> '${bench.path('npm.log')}'\nPATH="\${PATH#*:}" exec npm "$@"`);
  });
  afterEach(async () => {
    registry.fault = 'none';
    await bench.close();
    await remote.close();
  });

  async function app(
    version: string,
    {
      gitops = {},
      files = {},
      packageJson = {},
    }: { gitops?: object; files?: Files; packageJson?: object } = {},
  ): Promise<Files> {
    const text = JSON.stringify({ name: 'app', version, dependencies: { lib: '1.0.0' }, ...packageJson });
    return {
      'package.json': text,
      'package-lock.json': await registry.lockfile(text),
      'app.js': `// ${version}\n`,
      'ecosystem.config.cjs': `module.exports = { apps: [{ name: 'web', script: 'app.js', cwd: __dirname }], gitops: ${JSON.stringify(gitops)} };\n`,
      ...files,
    };
  }
  const npmCalls = async (): Promise<string[]> =>
    (await bench.read('npm.log').catch(() => '')).split('\n').filter((line) => line !== '');
  const stage = async (
    tag: string,
    commit: string,
    more: Parameters<Bench['stageRequest']>[2] = {},
  ): Promise<Staged> =>
    stageRelease(bench.stageRequest(releaseOf(tag, commit), remote.url, more), bench.tools());

  it('makes a complete release folder, marked last', async () => {
    const commit = await remote.release('v1.0.0', await app('1.0.0'));
    const staged = await stage('v1.0.0', commit);
    assert.equal(staged.tree, join(bench.root, 'releases', `v1.0.0-${commit.slice(0, 7)}`));
    assert.equal(staged.modules, 'installed');
    assert.deepEqual(staged.made, ['node_modules']);
    assert.deepEqual(staged.apps, [{ name: 'web', script: 'app.js', cwd: join(bench.root, 'current') }]);
    assert.ok(await exists(join(staged.tree, 'node_modules/lib/package.json')));
    const { size, ...mark } = (await readMark(staged.tree)) ?? {};
    assert.deepEqual([size?.modules.files, size?.rest.files], [2, 4]);
    const { depsKey } = staged;
    assert.deepEqual(mark, {
      ...{ schema: 1, tag: 'v1.0.0', commit, depsKey },
      ...{ made: ['node_modules'], changed: [], run: 'run-1' },
    });
    assert.deepEqual(await readdir(join(bench.state, 'stage')), []);
  });

  it('does nothing for a release that is complete already, even with everything unreachable', async () => {
    const commit = await remote.release('v1.0.0', await app('1.0.0'));
    await stage('v1.0.0', commit);
    const calls = (await npmCalls()).length;
    registry.fault = 'down';
    remote.fault = 'down';
    const again = await stage('v1.0.0', commit, { runId: 'run-2' });
    assert.equal(again.modules, 'kept');
    assert.equal((await npmCalls()).length, calls);
  });

  it('copies unchanged dependencies and installs nothing', async () => {
    const first = await stage('v1.0.0', await remote.release('v1.0.0', await app('1.0.0')));
    const calls = (await npmCalls()).length;
    const second = await remote.release('v1.1.0', await app('1.1.0'));
    const staged = await stage('v1.1.0', second, { base: first });
    assert.equal(staged.modules, 'reused');
    assert.equal((await npmCalls()).length, calls);
    const [old, copy] = await Promise.all(
      [first.tree, staged.tree].map((tree) => stat(join(tree, 'node_modules/lib/package.json'))),
    );
    assert.notEqual(old?.ino, copy?.ino);
  });

  it('installs when the lockfile changed', async () => {
    const first = await stage('v1.0.0', await remote.release('v1.0.0', await app('1.0.0')));
    const second = await remote.release(
      'v1.1.0',
      await app('1.1.0', { packageJson: { devDependencies: { tool: '1.0.0' } } }),
    );
    assert.equal((await stage('v1.1.0', second, { base: first })).modules, 'installed');
  });

  it('builds with development dependencies under NODE_ENV=production', async () => {
    bench.setEnv('NODE_ENV', 'production');
    const built = {
      gitops: { build: 'npm run build' },
      packageJson: { devDependencies: { tool: '1.0.0' }, scripts: { build: 'tool' } },
    };
    const staged = await stage('v1.0.0', await remote.release('v1.0.0', await app('1.0.0', built)));
    assert.equal(await readFile(join(staged.tree, 'dist/out.txt'), 'utf8'), 'built');
    assert.deepEqual(staged.made, ['dist', 'node_modules']);
  });

  it('leaves nothing complete when the build fails, and says why', async () => {
    const commit = await remote.release(
      'v1.0.0',
      await app('1.0.0', { gitops: { build: 'echo "x is not defined" >&2; exit 2' } }),
    );
    await assert.rejects(stage('v1.0.0', commit), { code: 'BUILD_FAILED', message: /x is not defined/ });
    assert.ok(!(await exists(join(bench.root, 'releases'))));
    assert.deepEqual(await readdir(join(bench.state, 'stage')), []);
  });

  it('refuses an app whose script the release lacks', async () => {
    const commit = await remote.release(
      'v1.0.0',
      await app('1.0.0', { files: { 'app.js': null, 'other.js': '' } }),
    );
    await assert.rejects(stage('v1.0.0', commit), {
      code: 'RELEASE_INVALID',
      message: /script of web is missing: app\.js/,
    });
  });

  it('lays an unreachable registry on nobody, and succeeds when it is back', async () => {
    const commit = await remote.release('v1.0.0', await app('1.0.0'));
    registry.fault = 'down';
    await assert.rejects(stage('v1.0.0', commit), { code: 'INSTALL_UNREACHABLE' });
    registry.fault = 'none';
    assert.equal((await stage('v1.0.0', commit)).modules, 'installed');
  });

  it('shares paths across releases, beginning with what the first release brought', async () => {
    const shared = { gitops: { shared: ['uploads', '.env', 'var/cache'] } };
    const first = await stage(
      'v1.0.0',
      await remote.release('v1.0.0', await app('1.0.0', { ...shared, files: { 'uploads/a.txt': 'seed' } })),
    );
    await writeFile(join(first.tree, '.env'), 'A=1'); // through the dangling link
    await writeFile(join(first.tree, 'uploads/b.txt'), 'user');
    const second = await stage('v1.1.0', await remote.release('v1.1.0', await app('1.1.0', shared)));
    assert.equal(await readFile(join(second.tree, '.env'), 'utf8'), 'A=1');
    assert.deepEqual(await readdir(join(second.tree, 'uploads')), ['a.txt', 'b.txt']);
    assert.equal(await readlink(join(second.tree, 'var/cache')), join(bench.root, 'shared/var/cache'));
    assert.deepEqual(second.made, ['node_modules']);
  });

  it('moves an incomplete folder of the same release out of the way', async () => {
    const commit = await remote.release('v1.0.0', await app('1.0.0'));
    const folder = join(bench.root, 'releases', `v1.0.0-${commit.slice(0, 7)}`);
    await bench.write({ 'half.js': '' }, folder);
    const staged = await stage('v1.0.0', commit);
    assert.equal(staged.tree, folder);
    assert.ok(!(await exists(join(folder, 'half.js'))));
  });

  it('starts anew after a kill in the middle', async () => {
    const commit = await remote.release('v1.0.0', await app('1.0.0'));
    await bench.write(
      { 'stage/run-1/tree/half.js': '', 'stage/run-1/index.lock': '', 'mirror.git.new/HEAD': '' },
      bench.state,
    );
    await stage('v1.0.0', commit);
    assert.ok(await exists(join(bench.root, 'releases')));
  });

  it('heals a mirror whose files are damaged inside', async () => {
    const random = Array.from({ length: 4_000 }, (_, index) => (index * 7919).toString(36)).join(' ');
    const commit = await remote.release('v1.0.0', await app('1.0.0', { files: { 'big.txt': random } }));
    await stage('v1.0.0', commit);
    await rm(join(bench.root, 'releases'), { recursive: true });
    const packs = join(bench.state, 'mirror.git/objects/pack');
    const pack = join(packs, (await readdir(packs)).find((name) => name.endsWith('.pack')) ?? '');
    await chmod(pack, 0o600);
    const bytes = await readFile(pack);
    bytes.fill(0, 200, bytes.length - 100);
    await writeFile(pack, bytes);
    await stage('v1.0.0', commit);
    assert.match(bench.steps.join('\n'), /mirror is damaged, it is made anew/);
    await truncate(pack).catch(() => undefined);
  });

  it('runs the hook after the build, and blocks when it says not now', async () => {
    const order = bench.path('order');
    const gitops = {
      build: `echo build >> '${order}'`,
      hooks: { afterStage: `echo "$GITOPS_TAG $GITOPS_RELEASE_DIR" >> '${order}'; exit 75` },
    };
    const commit = await remote.release('v1.0.0', await app('1.0.0', { gitops }));
    await assert.rejects(stage('v1.0.0', commit), { code: 'HOOK_NOT_NOW' });
    const tree = join(bench.state, 'stage/run-1/tree');
    assert.equal(await readFile(order, 'utf8'), `build\nv1.0.0 ${tree}\n`);
  });

  it('stops when cancelled', async () => {
    const commit = await remote.release('v1.0.0', await app('1.0.0', { gitops: { build: 'sleep 300' } }));
    const cancel = new AbortController();
    const tools = bench.tools(cancel.signal);
    const report = {
      ...tools.report,
      step: (text: string): void => {
        if (text.startsWith('build')) cancel.abort();
      },
    };
    await assert.rejects(
      stageRelease(bench.stageRequest(releaseOf('v1.0.0', commit), remote.url), { ...tools, report }),
      { code: 'ABORTED' },
    );
  });

  it('needs no Node project and no ecosystem file', async () => {
    const commit = await remote.release('v1.0.0', { 'index.html': 'hello' });
    const staged = await stage('v1.0.0', commit);
    assert.deepEqual([staged.modules, staged.apps, staged.made], ['none', null, []]);
  });

  describe('for an adopted checkout', () => {
    async function adopt(live: Files, more: Files = {}): Promise<void> {
      for (const [name, text] of Object.entries({ ...live, ...more }))
        await bench.write({ [name]: text ?? '' }, bench.root);
    }

    it('keeps the live dependencies where they are when nothing changed and nothing is built', async () => {
      await adopt(await app('1.0.0'));
      const config = parseReleaseConfig({}, 'x');
      const base = { tree: bench.root, depsKey: await depsKeyOf(bench.root, config) };
      const commit = await remote.release('v1.1.0', await app('1.1.0'));
      const staged = await stage('v1.1.0', commit, { strategy: 'checkout', base });
      assert.equal(staged.tree, join(bench.state, 'stage/run-1/tree'));
      assert.equal(staged.modules, 'kept');
      assert.deepEqual(staged.made, []);
      assert.deepEqual(await npmCalls(), []);
      assert.equal((await readMark(staged.tree))?.commit, commit);
    });

    it('finds a script of the dependencies in the live tree where these stay, and misses one that is in neither', async () => {
      const ecosystem = (script: string): Files => ({
        'ecosystem.config.cjs': `module.exports = { apps: [{ name: 'web', script: '${script}' }] };\n`,
      });
      await adopt(await app('1.0.0'), { 'node_modules/lib/bin.js': '' });
      const base = { tree: bench.root, depsKey: await depsKeyOf(bench.root, parseReleaseConfig({}, 'x')) };
      const good = await remote.release('v1.1.0', {
        ...(await app('1.1.0')),
        ...ecosystem('node_modules/lib/bin.js'),
      });
      assert.equal((await stage('v1.1.0', good, { strategy: 'checkout', base })).modules, 'kept');
      const bad = await remote.release('v1.2.0', {
        ...(await app('1.2.0')),
        ...ecosystem('node_modules/lib/missing.js'),
      });
      await assert.rejects(stage('v1.2.0', bad, { strategy: 'checkout', base }), {
        code: 'RELEASE_INVALID',
        message: /node_modules\/lib\/missing\.js/,
      });
    });

    it('shows a build the live shared paths, and does not count them as made', async () => {
      await mkdir(join(bench.root, 'uploads'));
      await bench.write({ '.env': 'LIVE=1' }, bench.root);
      const gitops = { shared: ['.env', 'uploads', 'missing'], build: 'cp .env built.txt' };
      const staged = await stage('v1.0.0', await remote.release('v1.0.0', await app('1.0.0', { gitops })), {
        strategy: 'checkout',
      });
      assert.equal(await readFile(join(staged.tree, 'built.txt'), 'utf8'), 'LIVE=1');
      assert.deepEqual(staged.made, ['built.txt', 'node_modules']);
      assert.ok(!(await exists(join(bench.root, 'missing'))));
    });
  });
});

const TOOL = `#!/usr/bin/env node
require('node:fs').mkdirSync('dist', { recursive: true });
require('node:fs').writeFileSync('dist/out.txt', 'built');
`;
