import type { TestContext } from 'node:test';
import * as v from 'valibot';
import { appFiles, packageJson, type AppRelease, type AppSpec } from './app.js';
import { askApp, Machine, PRODUCT, type Outcome } from './machine.js';
import { SmallDisk } from './small-disk.js';
import { claimPorts } from './place.js';
import { Registry, type Package } from './registry.js';
import { Remote } from './remote.js';
import { waitFor } from './wait.js';

/** What a scene is made of. */
export interface SceneTerms {
  readonly apps: (port: number) => readonly AppSpec[];
  /** Packages of its registry; without any, the releases have no dependencies and nothing is installed. */
  readonly packages?: readonly Package[];
  /** Another scene's machine, to stand on it with a second root. */
  readonly machine?: Machine;
  readonly root?: string;
  /** The root lies on a disk of its own, of so many MiB. */
  readonly diskMib?: number;
  /** The machine believes a clock that the test sets. */
  readonly falseClock?: boolean;
}

/** What the releases of a scene may differ in. */
export type Change = Partial<Omit<AppRelease, 'version' | 'lockfile'>>;

/** Proof in half a second: the fixture either lives at once or dies at once. */
export const QUICK = { health: { settle: '500ms', timeout: '5s' } };

/** The product as a package of the registry, so that an app may depend on it: it passes on what was compiled here. */
export const PRODUCT_PACKAGE: Package = {
  name: 'pm2-gitops',
  version: '1.0.0',
  manifest: { type: 'module', exports: './index.js' },
  files: { 'index.js': `export * from ${JSON.stringify(PRODUCT.href)};\n` },
};

/** The usual cast: a remote with an application, and a machine that runs it. */
export class Scene {
  readonly remote: Remote;
  readonly registry: Registry;
  readonly machine: Machine;
  readonly root: string;
  readonly port: number;
  readonly apps: readonly AppSpec[];
  readonly #disk: SmallDisk | null;

  private constructor(
    cast: Pick<Scene, 'remote' | 'registry' | 'machine' | 'root' | 'port' | 'apps'> & {
      small: SmallDisk | null;
    },
  ) {
    this.remote = cast.remote;
    this.registry = cast.registry;
    this.machine = cast.machine;
    this.root = cast.root;
    this.port = cast.port;
    this.apps = cast.apps;
    this.#disk = cast.small;
  }

  /** The disk of its own under the root. */
  get disk(): SmallDisk {
    if (this.#disk === null) throw new Error('this scene has no disk of its own');
    return this.#disk;
  }

  static async open(
    t: TestContext,
    { apps, packages = [], machine: given, root, diskMib, falseClock }: SceneTerms,
  ): Promise<Scene> {
    const remote = await Remote.open();
    t.after(() => remote.close());
    const registry = await Registry.open();
    t.after(() => registry.close());
    packages.forEach((published) => {
      registry.publish(published);
    });
    const machine = given ?? (await Machine.open({ registry, falseClock: falseClock === true }));
    const disk = diskMib === undefined ? null : await SmallDisk.open(root ?? machine.root, diskMib);
    t.after(() => disk?.close());
    t.after(() => machine.close());
    const port = await claimPorts(20);
    return new Scene({
      remote,
      registry,
      machine,
      port,
      apps: apps(port),
      root: root ?? machine.root,
      small: disk,
    });
  }

  /** Commits and tags a release; `files` come on top of the fixture's own. */
  async release(
    tag: string,
    change: Change = {},
    files: Readonly<Record<string, string | null>> = {},
  ): Promise<string> {
    const release: AppRelease = { version: tag, apps: this.apps, gitops: QUICK, ...change };
    const hasPackages = Object.keys(release.dependencies ?? {}).length > 0;
    const lockfile = hasPackages ? { lockfile: await this.registry.lockfile(packageJson(release)) } : {};
    return this.remote.release(tag, { ...appFiles({ ...release, ...lockfile }), ...files });
  }

  /** An existing checkout, running under pm2, is made a root. */
  async adopt(tag: string): Promise<void> {
    await this.machine.deploy(this.remote, tag, { root: this.root });
    await this.everywhere(tag);
    await this.cliMust(['init', '--yes']);
  }

  /** The product's command line in this scene's root. */
  cli(
    args: readonly string[],
    { env = {}, timeoutMs = 120_000 }: { env?: Readonly<Record<string, string>>; timeoutMs?: number } = {},
  ): Promise<Outcome> {
    return this.machine.cli(args, { cwd: this.root, env, timeoutMs });
  }

  /** As `cli`, but any exit code other than 0 fails the test with the whole output. */
  async cliMust(args: readonly string[]): Promise<string> {
    return succeeded(args, await this.cli(args));
  }

  status(): ReturnType<Machine['status']> {
    return this.machine.status({ root: this.root });
  }

  /** Phase, active release and worker, for what is asked again and again. */
  glance(): ReturnType<Machine['glance']> {
    return this.machine.glance({ root: this.root });
  }

  /** Waits until every instance of every app answers with a version. */
  async everywhere(version: string): Promise<void> {
    for (const port of this.ports()) {
      await waitFor(`${version} on port ${port}`, async () => (await askApp(port))?.version === version);
    }
  }

  /** The distinct versions that the instances answer with now; null for one that does not answer. */
  async versions(): Promise<(string | null)[]> {
    const answers = await Promise.all(this.ports().map((port) => askApp(port)));
    return [...new Set(answers.map((answer) => answer?.version ?? null))];
  }

  /** The distinct versions of a dependency that the instances have loaded. */
  async loaded(name: string): Promise<(string | undefined)[]> {
    const answers = await Promise.all(this.ports().map((port) => askApp(port)));
    return [...new Set(answers.map((answer) => answer?.dependencies[name]))];
  }

  /** Polls some times in a row, in a process of its own, as an embedding app does. */
  async check(times = 1): Promise<void> {
    const script = [
      `import { startAgent } from ${JSON.stringify(PRODUCT.href)};`,
      `const agent = startAgent({ root: ${JSON.stringify(this.root)} });`,
      `for (let time = 0; time < ${times}; time += 1) await agent.check();`,
      'await agent.close();',
    ];
    await this.machine.must(process.execPath, ['--input-type=module', '--eval', script.join('\n')], {
      cwd: this.root,
      timeoutMs: 60_000 + times * 60_000,
    });
  }

  /** Starts of this scene's instances after a moment, by app and pm2 id. */
  async startsOf(version: string): Promise<string[]> {
    const names = new Set(this.apps.map(({ name }) => name));
    const starts = (await this.machine.starts()).filter(
      (start) => start.version === version && names.has(start.name),
    );
    return starts.map(({ name, pmId }) => `${name}#${pmId}`).sort();
  }

  ports(): number[] {
    return this.apps.flatMap(({ port, instances = 1 }) =>
      Array.from({ length: instances }, (_, index) => port + index),
    );
  }
}

/** The pids of pm2's list by pm2 id, to be compared later. */
export async function pidsOf(machine: Machine): Promise<ReadonlyMap<number, number>> {
  return new Map((await machine.processes()).map(({ pmId, pid }) => [pmId, pid]));
}

/** The output of a command line that had to end with 0. */
function succeeded(args: readonly string[], { code, stdout, stderr }: Outcome): string {
  if (code !== 0)
    throw new Error(`pm2-gitops ${args.join(' ')} ended with ${code ?? 'a kill'}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** What `--json` printed, as an object. */
export function jsonOf({ stdout }: Outcome): Record<string, unknown> {
  return v.parse(v.record(v.string(), v.unknown()), JSON.parse(stdout));
}
