import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { installDependencies } from '../../src/workspace/install.js';
import { readProject } from '../../src/workspace/project.js';
import type { Fault } from '../bed/loopback.js';
import { pidsOf } from '../processes.js';
import { Registry } from '../bed/registry.js';
import { Bench } from './bench.js';

/** A registry with a package, a release that depends on it, and a bench whose npm has little patience. */
async function scene(t: TestContext, { locked = true } = {}) {
  const registry = await Registry.open();
  t.after(() => registry.close());
  const noise = randomBytes(60_000).toString('base64');
  registry.publish({ name: 'lib', version: '1.0.0', files: { 'index.js': `// ${noise}\n` } });
  const bench = await Bench.open();
  t.after(() => bench.close());
  bench.setEnv('npm_config_registry', registry.url);
  const patience = (ms: number): void => {
    bench.setEnv('npm_config_fetch_timeout', String(ms));
  };
  patience(800); // its own is five minutes, three times
  const tree = bench.path('tree');
  const text = JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { lib: '1.0.0' } });
  const lock = locked ? { 'package-lock.json': await registry.lockfile(text) } : {};
  await bench.write({ 'package.json': text, ...lock }, tree);
  const project = await readProject(tree);
  const install = (limitMs?: number): Promise<unknown> =>
    installDependencies({ project, install: 'auto', dev: false }, bench.effort(limitMs));
  return { registry, tree, patience, install };
}

const FAULTS: readonly Fault[] = [
  ...(['hang', 'garbage'] as const),
  ...[{ status: 503 }, { cutAfter: 20_000 }, { endAfter: 20_000 }, { silentAfter: 20_000 }],
];

test('whatever ails the registry is not laid on the release', { timeout: 180_000 }, async (t) => {
  await Promise.all(
    FAULTS.map(async (fault) => {
      const { registry, install } = await scene(t);
      registry.fault = fault;
      await assert.rejects(install(), { code: 'INSTALL_UNREACHABLE' }, JSON.stringify(fault));
      if (fault !== 'garbage') return;
      registry.fault = 'none';
      await install(); // nothing of the login page was kept for later
    }),
  );
});

test('a login page in place of the list of versions is not laid on the release', async (t) => {
  const { registry, install } = await scene(t, { locked: false });
  registry.fault = 'garbage';
  await assert.rejects(install(), { code: 'INSTALL_UNREACHABLE' });
});

test('an install from a registry that drips ends at its limit with all that npm started', async (t) => {
  const { registry, install, patience, tree } = await scene(t);
  patience(300_000);
  registry.fault = { dripPerSecond: 10 };
  await assert.rejects(install(1_500), { code: 'COMMAND_TIMEOUT' });
  assert.deepEqual(pidsOf(tree), []);
});
