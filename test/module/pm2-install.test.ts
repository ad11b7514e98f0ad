import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { ONLY_LONG } from '../bed/budget.js';
import { Machine } from '../bed/machine.js';
import { waitFor } from '../bed/wait.js';
import { PACKAGE } from '../sources.js';

const run = promisify(execFile);
const FOLDER = PACKAGE ?? '.';
// An install brings some fifty packages over the network, or from npm's cache.
const INSTALL_MS = 240_000;
const LIST = v.array(
  v.looseObject({
    name: v.string(),
    pm2_env: v.looseObject({ version: v.string(), status: v.string(), restart_time: v.number() }),
  }),
);

/** A machine with one of the supported versions of pm2, whose npm asks the registry that this one's does, its cache first. */
class Customer {
  readonly machine: Machine;
  readonly #pm2: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(machine: Machine, pm2: string, env: Readonly<Record<string, string>>) {
    this.machine = machine;
    this.#pm2 = join(FOLDER, 'node_modules', pm2, 'bin', 'pm2');
    this.#env = env;
  }

  static async open(t: TestContext, pm2: string): Promise<Customer> {
    const machine = await Machine.open();
    t.after(() => machine.close());
    const [registry = '', cache = ''] = await Promise.all(
      ['registry', 'cache'].map(async (key) => (await run('npm', ['config', 'get', key])).stdout.trim()),
    );
    const env = { npm_config_registry: registry, npm_config_cache: cache, npm_config_prefer_offline: 'true' };
    return new Customer(machine, pm2, env);
  }

  /** A package of this version, or another one. */
  async pack(version: string, main?: string): Promise<string> {
    const folder = this.machine.path(`package-${version}`);
    await mkdir(folder);
    for (const name of ['package.json', 'README.md', 'ecosystem.config.cjs', 'dist/src'])
      await cp(join(FOLDER, name), join(folder, name), { recursive: true });
    const manifest = await readFile(join(folder, 'package.json'), 'utf8');
    await writeFile(
      join(folder, 'package.json'),
      manifest.replace(/"version": "[^"]+"/, `"version": "${version}"`),
    );
    if (main !== undefined) await writeFile(join(folder, 'dist/src/cli/main.js'), main);
    const pack = ['pack', '--ignore-scripts', '--pack-destination', this.machine.path()];
    await run('npm', pack, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
    return this.machine.path(`pm2-gitops-${version}.tgz`);
  }

  async pm2(...args: readonly string[]): Promise<string> {
    const terms = { env: this.#env, timeoutMs: INSTALL_MS };
    const { stdout, stderr } = await this.machine.exec(process.execPath, [this.#pm2, ...args], terms);
    return stdout + stderr;
  }

  async module(): Promise<v.InferOutput<typeof LIST>[0]['pm2_env'] | null> {
    const { stdout } = await this.machine.exec(process.execPath, [this.#pm2, '--silent', 'jlist'], {});
    return v.parse(LIST, JSON.parse(stdout)).find(({ name }) => name === 'pm2-gitops')?.pm2_env ?? null;
  }

  /** What the module answers, once it is there again. */
  answer(): Promise<string> {
    return waitFor('an answer', async () => {
      const said = await this.pm2('trigger', 'pm2-gitops', 'status');
      return said.includes('"said"') && said;
    });
  }

  log(): Promise<string> {
    return readFile(join(this.machine.pm2Home, 'logs', 'pm2-gitops-out.log'), 'utf8');
  }
}

for (const pm2 of ['pm2', 'pm2-6', 'pm2-5']) {
  test(
    `one command installs the module in ${pm2}: it says what is missing, takes roots, answers, and goes`,
    { skip: ONLY_LONG, timeout: 600_000 },
    async (t) => {
      const customer = await Customer.open(t, pm2);
      const { machine } = customer;
      await customer.pm2('install', await customer.pack('1.0.0'));
      await waitFor('what to type', async () => (await customer.log()).includes('pm2 set pm2-gitops:root'));
      assert.match(await customer.pm2('show', 'pm2-gitops'), /no root is set: pm2 set pm2-gitops:root/);
      const [shop, blog] = [machine.path('shop'), machine.path('blog')];
      await customer.pm2('set', 'pm2-gitops:root', shop);
      await customer.pm2('set', 'pm2-gitops:root2', blog);
      await waitFor('both roots', async () => {
        const lines = await customer.log();
        return [shop, blog].every((root) => lines.includes(`polling ${root}`));
      });
      assert.match(
        await customer.pm2('trigger', 'pm2-gitops', 'status', 'blog'),
        /there is no .*gitops\.json/,
      );
      await customer.pm2('unset', 'pm2-gitops:root2');
      await customer.pm2('restart', 'pm2-gitops');
      const known = await customer.answer();
      assert.ok(known.includes('"shop"') && !known.includes('"blog"'), known);
      await customer.pm2('kill');
      await customer.pm2('ping');
      const back = await waitFor('the module again', () => customer.module());
      assert.deepEqual([back.status, back.version], ['online', '1.0.0']);
      await customer.pm2('uninstall', 'pm2-gitops');
      assert.equal(await customer.module(), null);
    },
  );
}

test(
  'a newer package takes the place of the old one, and one that does not start gives it back',
  {
    skip: ONLY_LONG,
    timeout: 900_000,
  },
  async (t) => {
    const customer = await Customer.open(t, 'pm2');
    await customer.pm2('install', await customer.pack('1.0.0'));
    await customer.pm2('set', 'pm2-gitops:root', customer.machine.path('shop'));
    await customer.pm2('install', await customer.pack('1.1.0'), '--safe');
    assert.equal((await customer.module())?.version, '1.1.0');
    assert.match(
      await customer.pm2('install', await customer.pack('1.2.0', 'process.exit(1);\n'), '--safe'),
      /restored to previous version/,
    );
    const back = await customer.module();
    assert.deepEqual([back?.status, back?.version], ['online', '1.1.0']);
    assert.match(await customer.answer(), /shop/);
  },
);
