import { appFiles, packageJson, type AppRelease } from '../bed/app.js';
import { Registry, type Package } from '../bed/registry.js';
import { Remote } from '../bed/remote.js';

/** What a release changes beside its code. */
export type Kind = 'same lockfile' | 'changed lockfile';

/** How many pm2 processes run the application on each machine. */
export const PROCESSES = 10;

/** How long a new process must live: a wait that the release chose, so it is told apart. */
export const SETTLE = '500ms';

// A tree as small applications have it: each package that is asked for brings some of its own.
const DIRECT = 30;
const INDIRECT_OF_EACH = 4;
const LINES = 60;
const OWN_FILES = 2; // index.js and package.json

/** How many packages the application installs. */
export const PACKAGES = DIRECT * (1 + INDIRECT_OF_EACH);

/** An application with a dependency tree: its repository, its registry, and ever new releases. */
export class Application {
  readonly remote: Remote;
  readonly registry: Registry;
  readonly #files: number;
  #releases = 0;
  /** Grows with each changed lockfile. */
  #patch = 0;
  #lockfile = '';

  private constructor(remote: Remote, registry: Registry, files: number) {
    this.remote = remote;
    this.registry = registry;
    this.#files = files;
  }

  /** Publishes packages of so many files each, and the first release, v1.0.0. */
  static async open(files: number): Promise<Application> {
    const application = new Application(await Remote.open(), await Registry.open(), files);
    for (let index = 0; index < DIRECT; index += 1) {
      for (let below = 0; below < INDIRECT_OF_EACH; below += 1)
        application.#publish({ name: indirectName(index, below), version: '1.0.0' });
      application.#publish({ name: directName(index), version: '1.0.0', ...bringing(index) });
    }
    await application.#lock();
    await application.#release();
    return application;
  }

  /** Tags the next release and gives back its tag. */
  async release(kind: Kind): Promise<string> {
    if (kind === 'changed lockfile') {
      this.#patch += 1;
      this.#publish({ name: directName(0), version: this.#version, ...bringing(0) });
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

  #publish({ name, version, manifest = {} }: Package): void {
    const modules = Array.from({ length: this.#files - OWN_FILES }, (_, file): [string, string] => [
      `lib/part-${file}.js`,
      moduleText(name, file),
    ]);
    const index = `module.exports = { version: ${JSON.stringify(version)} };\n`;
    this.registry.publish({
      name,
      version,
      manifest,
      files: { ...Object.fromEntries(modules), 'index.js': index },
    });
  }

  async #release(): Promise<string> {
    const tag = `v1.${this.#releases}.0`;
    this.#releases += 1;
    const files = appFiles({ ...this.#content(tag), lockfile: this.#lockfile });
    await this.remote.release(tag, { ...files, 'ecosystem.config.cjs': ECOSYSTEM });
    return tag;
  }

  async #lock(): Promise<void> {
    this.#lockfile = await this.registry.lockfile(packageJson(this.#content('')));
  }

  #content(version: string): AppRelease {
    const names = Array.from({ length: DIRECT }, (_, index) => directName(index));
    const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']));
    return { version, apps: [], dependencies: { ...dependencies, [directName(0)]: this.#version } };
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

/** What a package brings along. */
function bringing(index: number): Pick<Package, 'manifest'> {
  const names = Array.from({ length: INDIRECT_OF_EACH }, (_, below) => indirectName(index, below));
  return { manifest: { dependencies: Object.fromEntries(names.map((name) => [name, '^1.0.0'])) } };
}

function moduleText(name: string, file: number): string {
  const lines = Array.from(
    { length: LINES },
    (_, line) => `exports.f${line} = (x) => x + ${line * file}; // ${name}`,
  );
  return `${lines.join('\n')}\n`;
}

function directName(index: number): string {
  return `direct-${index}`;
}

function indirectName(index: number, below: number): string {
  return `indirect-${index}-${below}`;
}
