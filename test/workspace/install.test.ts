import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import * as v from 'valibot';
import { exists } from '../../src/os/files.js';
import { installDependencies } from '../../src/workspace/install.js';
import { chooseManager, installCommand } from '../../src/workspace/managers.js';
import { readProject, type PackageJson, type Project } from '../../src/workspace/project.js';
import { trustInstalled } from '../../src/workspace/trust-installed.js';
import { Registry } from '../bed/registry.js';
import { Bench } from './bench.js';

const anyLock = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({ packages: v.record(v.string(), v.unknown()) }),
);

const EMPTY: PackageJson = {
  engines: {},
  scripts: {},
  dependencies: {},
  devDependencies: {},
  optionalDependencies: {},
  peerDependencies: {},
};

function project(names: readonly string[], packageJson: Partial<PackageJson> | null = {}): Project {
  return {
    tree: '/tree',
    names: new Set(names),
    packageJson: packageJson === null ? null : { ...EMPTY, ...packageJson },
  };
}

describe('the package manager', () => {
  it('is the one that the lockfile names', () => {
    const table: [readonly string[], Partial<PackageJson> | null, string | undefined][] = [
      [['package-lock.json'], {}, 'npm'],
      [['package-lock.json', 'npm-shrinkwrap.json'], {}, 'npm'],
      [['pnpm-lock.yaml'], {}, 'pnpm'],
      [['yarn.lock'], {}, 'yarn'],
      [['yarn.lock', '.yarnrc.yml'], {}, 'berry'],
      [['yarn.lock'], { packageManager: 'yarn@4.5.0' }, 'berry'],
      [['yarn.lock'], { packageManager: 'yarn@1.22.22' }, 'yarn'],
      [['bun.lock'], {}, 'bun'],
      [['bun.lockb'], {}, 'bun'],
      [['package-lock.json', 'pnpm-lock.yaml'], { packageManager: 'pnpm@9.1.0' }, 'pnpm'],
      [['package-lock.json', 'pnpm-lock.yaml'], {}, 'npm'],
      [['package-lock.json'], { packageManager: 'pnpm@9.1.0' }, 'npm'],
      [[], { packageManager: 'pnpm@9.1.0' }, 'pnpm'],
      [[], {}, 'npm'],
      [['package-lock.json'], null, undefined],
    ];
    for (const [names, packageJson, expected] of table) {
      assert.equal(chooseManager(project(names, packageJson))?.name, expected, names.join());
    }
  });

  it('is told to take exactly what is locked, with what a build needs and without what it does not', () => {
    assert.deepEqual(installCommand({ name: 'npm', lockfile: 'package-lock.json' }, true).args.slice(0, 2), [
      'ci',
      '--include=dev',
    ]);
    assert.deepEqual(installCommand({ name: 'npm', lockfile: 'package-lock.json' }, false).args.slice(0, 2), [
      'ci',
      '--omit=dev',
    ]);
    assert.ok(installCommand({ name: 'npm', lockfile: null }, false).args.includes('--no-package-lock'));
    assert.ok(installCommand({ name: 'pnpm', lockfile: 'x' }, true).args.includes('--prod=false'));
    assert.ok(installCommand({ name: 'yarn', lockfile: 'x' }, true).args.includes('--production=false'));
    assert.ok(installCommand({ name: 'berry', lockfile: 'x' }, true).args.includes('--immutable'));
    assert.ok(installCommand({ name: 'bun', lockfile: 'x' }, false).args.includes('--production'));
    assert.equal(installCommand({ name: 'pnpm', lockfile: 'x' }, true).env['CI'], 'true');
  });
});

describe('an install by npm', () => {
  let registry: Registry;
  let bench: Bench;
  let tree: string;

  before(async () => {
    registry = await Registry.open();
    registry.publish({
      name: 'broken',
      version: '1.0.0',
      manifest: { scripts: { install: 'exit 3' }, hasInstallScript: true },
    });
    registry.publish({ name: 'tool', version: '1.0.0' });
    registry.publish({ name: 'lib', version: '1.0.0', files: { 'index.js': 'module.exports = 1;\n' } });
    registry.publish({
      name: 'peerful',
      version: '1.0.0',
      manifest: { peerDependencies: { lib: '^1.0.0' } },
    });
  });
  after(() => registry.close());
  beforeEach(async () => {
    bench = await Bench.open();
    bench.setEnv('npm_config_registry', registry.url);
    tree = bench.path('tree');
  });
  afterEach(async () => {
    registry.fault = 'none';
    await bench.close();
  });

  async function lay(packageJson: object): Promise<Project> {
    const text = JSON.stringify({ name: 'app', version: '1.0.0', ...packageJson });
    await bench.write({ 'package.json': text, 'package-lock.json': await registry.lockfile(text) }, tree);
    return readProject(tree);
  }

  it('brings development dependencies for a build, whatever NODE_ENV says', async () => {
    const laid = await lay({ dependencies: { lib: '1.0.0' }, devDependencies: { tool: '1.0.0' } });
    bench.setEnv('NODE_ENV', 'production');
    assert.equal(
      await installDependencies({ project: laid, install: 'auto', dev: true }, bench.effort()),
      'installed',
    );
    assert.ok(await exists(join(tree, 'node_modules/tool/package.json')));
    assert.ok(await trustInstalled(laid, true));
  });

  it('leaves them out when there is nothing to build', async () => {
    const laid = await lay({ dependencies: { lib: '1.0.0' }, devDependencies: { tool: '1.0.0' } });
    await installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort());
    assert.ok(!(await exists(join(tree, 'node_modules/tool'))));
    assert.ok(await trustInstalled(laid, false));
    assert.ok(!(await trustInstalled(laid, true)), 'what a build needs is missing');
  });

  it('accepts a lockfile that npm ci refuses, leaves it as it was, and says so', async () => {
    const laid = await lay({ dependencies: { peerful: '1.0.0' } });
    const lock = v.parse(anyLock, await readFile(join(tree, 'package-lock.json'), 'utf8'));
    delete lock.packages['node_modules/lib']; // what npm 6 wrote: it knew nothing of peers
    const old = JSON.stringify(lock, null, 2);
    await writeFile(join(tree, 'package-lock.json'), old);
    assert.equal(
      await installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort()),
      'installed',
    );
    assert.ok(await exists(join(tree, 'node_modules/peerful/package.json')));
    assert.equal(await readFile(join(tree, 'package-lock.json'), 'utf8'), old);
    assert.match(bench.steps.join('\n'), /npm ci refuses this lockfile/);
  });

  it('blames the registry for being down', async () => {
    const laid = await lay({ dependencies: { lib: '1.0.0' } });
    registry.fault = 'down';
    await assert.rejects(
      installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort()),
      { code: 'INSTALL_UNREACHABLE' },
    );
  });

  it('blames the registry for its errors', async () => {
    const laid = await lay({ dependencies: { lib: '1.0.0' } });
    registry.fault = 'error';
    await assert.rejects(
      installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort()),
      { code: 'INSTALL_UNREACHABLE' },
    );
  });

  it('does not blame the release for content that is not what it locked: it may be a login page', async () => {
    const laid = await lay({ dependencies: { lib: '1.0.0' } });
    const lock = await readFile(join(tree, 'package-lock.json'), 'utf8');
    await writeFile(
      join(tree, 'package-lock.json'),
      lock.replace(/sha512-[^"]{20}/, 'sha512-AAAAAAAAAAAAAAAAAAAA'),
    );
    await assert.rejects(
      installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort()),
      { code: 'INSTALL_UNREACHABLE', message: /EINTEGRITY/ },
    );
  });

  it('blames the release for a package whose script fails', async () => {
    const laid = await lay({ dependencies: { broken: '1.0.0' } });
    await assert.rejects(
      installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort()),
      {
        code: 'INSTALL_FAILED',
      },
    );
  });

  it('names the manager that is missing and how to get it', async () => {
    await bench.write({ 'package.json': '{}', 'bun.lock': '' }, tree);
    const laid = await readProject(tree);
    await assert.rejects(
      installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort()),
      {
        code: 'COMMAND_MISSING',
        message: /installed by bun/,
        hint: /npm install --global bun/,
      },
    );
  });

  it('warns where no lockfile pins what is installed', async () => {
    await bench.write({ 'package.json': '{"dependencies":{"lib":"^1.0.0"}}' }, tree);
    await installDependencies(
      { project: await readProject(tree), install: 'auto', dev: false },
      bench.effort(),
    );
    assert.ok(await exists(join(tree, 'node_modules/lib')));
    assert.ok(!(await exists(join(tree, 'package-lock.json'))));
    assert.match(bench.steps.join('\n'), /warning: no lockfile/);
  });

  it('runs the install command of the release instead, if it has one', async () => {
    const laid = await lay({});
    await installDependencies({ project: laid, install: 'echo by-hand > proof', dev: true }, bench.effort());
    assert.equal(await bench.read('tree', 'proof'), 'by-hand\n');
    assert.equal(
      await installDependencies({ project: laid, install: false, dev: true }, bench.effort()),
      'none',
    );
  });

  it('is not trusted when HEAD says new and node_modules is empty, old or half removed', async () => {
    const laid = await lay({ dependencies: { lib: '1.0.0' } });
    assert.ok(!(await trustInstalled(laid, false)));
    await installDependencies({ project: laid, install: 'auto', dev: false }, bench.effort());
    assert.ok(await trustInstalled(laid, false));
    await rm(join(tree, 'node_modules/lib'), { recursive: true });
    assert.ok(!(await trustInstalled(laid, false)));
    await rm(join(tree, 'node_modules'), { recursive: true });
    await bench.write({ 'node_modules/.keep': '' }, tree);
    assert.ok(!(await trustInstalled(laid, false)));
    const lock = (await readFile(join(tree, 'package-lock.json'), 'utf8')).replaceAll('"1.0.0"', '"0.9.0"');
    await bench.write({ 'node_modules/.package-lock.json': lock }, tree);
    assert.ok(!(await trustInstalled(laid, false)));
  });
});
