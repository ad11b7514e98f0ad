import { appFiles, packageJson, type AppRelease } from '../bed/app.js';
import { Registry, type Package } from '../bed/registry.js';
import { Remote } from '../bed/remote.js';
import { realPackages } from './real-packages.js';

/** What a release changes beside its code. */
export type Kind = 'same lockfile' | 'changed lockfile';

/** How many pm2 processes run the application on each machine. */
export const PROCESSES = 10;

/** How long a new process must live: a wait that the release chose, so it is told apart. */
export const SETTLE = '500ms';

// The one that a changed lockfile changes.
const CHANGING = 'changing';

/** An application with a dependency tree: its repository, its registry, and ever new releases. */
export class Application {
  readonly remote: Remote;
  readonly registry: Registry;
  /** How much it installs. */
  readonly tree: { readonly packages: number; readonly files: number };
  readonly #dependencies: Readonly<Record<string, string>>;
  #releases = 0;
  /** Grows with each changed lockfile. */
  #patch = 0;
  #lockfile = '';

  private constructor(remote: Remote, registry: Registry, packages: readonly Package[]) {
    this.remote = remote;
    this.registry = registry;
    for (const published of packages) registry.publish(published);
    this.#dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
    const files = packages.reduce((sum, published) => sum + Object.keys(published.files ?? {}).length + 1, 0);
    this.tree = { packages: packages.length, files };
  }

  /** Publishes a real tree of packages, and the first release, v1.0.0. */
  static async open(): Promise<Application> {
    const application = new Application(await Remote.open(), await Registry.open(), realPackages());
    await application.#lock();
    await application.#release();
    return application;
  }

  /** Tags the next release and gives back its tag. */
  async release(kind: Kind): Promise<string> {
    if (kind === 'changed lockfile') {
      this.#patch += 1;
      await this.#lock();
    }
    return this.#release();
  }

  async close(): Promise<void> {
    await this.remote.close();
    await this.registry.close();
  }

  get #version(): string {
    return `1.0.${this.#patch}`;
  }

  async #release(): Promise<string> {
    const tag = `v1.${this.#releases}.0`;
    this.#releases += 1;
    // The program loads one of its packages, as each of them would take its own time.
    const loaded = { [CHANGING]: this.#version };
    const files = appFiles({ version: tag, apps: [], dependencies: loaded, lockfile: this.#lockfile });
    const manifest = packageJson(this.#content(tag));
    await this.remote.release(tag, { ...files, 'package.json': manifest, 'ecosystem.config.cjs': ECOSYSTEM });
    return tag;
  }

  async #lock(): Promise<void> {
    const version = this.#version;
    const files = { 'index.js': `module.exports = { version: '${version}' };\n` };
    this.registry.publish({ name: CHANGING, version, files });
    this.#lockfile = await this.registry.lockfile(packageJson(this.#content('')));
  }

  #content(version: string): AppRelease {
    const dependencies = { ...this.#dependencies, [CHANGING]: this.#version };
    return { version, apps: [], dependencies };
  }
}

/** The file in a machine's home that says on which ports its processes listen. */
export const PORT_FILE = 'port.json';

// The machines stand on one host: their ports are their own business, as an .env is.
const ECOSYSTEM = `const port = require(process.env.HOME + '/${PORT_FILE}');
module.exports = {
  apps: [{ name: 'web', script: 'server.cjs', exec_mode: 'fork', instances: ${PROCESSES}, env: { PORT: port } }],
  gitops: { health: { settle: '${SETTLE}', timeout: '20s' } },
};
`;
