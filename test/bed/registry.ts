import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { LoopbackServer, type Answer, type Ask, type Fault } from './loopback.js';
import { closePlace, openPlace, type Place } from './place.js';

/** A package to be published: what its package.json says beside name and version, and its other files. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
}

interface Published {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tarball: Buffer;
}

const BLOCK = 512;

/** A tiny npm registry on loopback: packuments and tarballs of packages that tests make up. */
export class Registry {
  readonly counts = { packument: 0, tarball: 0 };
  readonly #packages = new Map<string, Map<string, Published>>();
  readonly #lockfiles = new Map<string, string>();
  readonly #place: Place;
  readonly #server: LoopbackServer;

  private constructor(place: Place, server: LoopbackServer) {
    this.#place = place;
    this.#server = server;
    server.answer = (ask) => this.#answer(ask);
  }

  static async open(): Promise<Registry> {
    return new Registry(await openPlace(), await LoopbackServer.open());
  }

  get url(): string {
    return `${this.#server.url}/`;
  }

  set fault(fault: Fault) {
    this.#server.fault = fault;
  }

  publish({ name, version, manifest = {}, files = {} }: Package): void {
    this.#lockfiles.clear();
    const whole = { ...manifest, name, version };
    const tarball = pack({ ...files, 'package.json': JSON.stringify(whole) });
    const versions = this.#packages.get(name) ?? new Map<string, Published>();
    this.#packages.set(name, versions.set(version, { manifest: whole, tarball }));
  }

  /** The text of the package-lock.json that real npm writes for this package.json. */
  async lockfile(packageJson: string): Promise<string> {
    const known = this.#lockfiles.get(packageJson);
    if (known !== undefined) return known;
    const text = await this.#lock(packageJson);
    this.#lockfiles.set(packageJson, text);
    return text;
  }

  async close(): Promise<void> {
    await this.#server.close();
    await closePlace(this.#place);
  }

  async #lock(packageJson: string): Promise<string> {
    const folder = await mkdtemp(join(this.#place.folder, 'lock-'));
    await writeFile(join(folder, 'package.json'), packageJson);
    await execa('npm', ['install', '--package-lock-only', '--ignore-scripts'], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: this.#place.folder,
        npm_config_registry: this.url,
        ...QUIET_NPM,
      },
      extendEnv: false,
    });
    const text = await readFile(join(folder, 'package-lock.json'), 'utf8');
    await rm(folder, { recursive: true });
    return text;
  }

  #answer({ path }: Ask): Answer {
    const [name = '', file] = path.slice(1).split('/-/');
    const versions = this.#packages.get(name);
    if (versions === undefined) return { status: 404, headers: {}, body: Buffer.from('{}') };
    if (file === undefined) return this.#packument(name, versions);
    this.counts.tarball += 1;
    const published = versions.get(file.replace(/\.tgz$/, ''));
    return {
      status: published === undefined ? 404 : 200,
      headers: {},
      body: published?.tarball ?? Buffer.alloc(0),
    };
  }

  #packument(name: string, versions: ReadonlyMap<string, Published>): Answer {
    this.counts.packument += 1;
    const entries = [...versions].map(([version, { manifest, tarball }]): [string, object] => [
      version,
      { ...manifest, dist: { tarball: `${this.url}${name}/-/${version}.tgz`, ...digests(tarball) } },
    ]);
    const packument = {
      name,
      'dist-tags': { latest: [...versions.keys()].at(-1) },
      versions: Object.fromEntries(entries),
    };
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(packument)),
    };
  }
}

/** Settings that keep npm from asking a registry for anything but packages. */
const QUIET_NPM = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};

function digests(tarball: Buffer): { integrity: string; shasum: string } {
  return {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
  };
}

/** https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar): a header block, the file's blocks; two empty ones end it. */
function pack(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).flatMap(([path, text]) => {
    const body = Buffer.from(text);
    return [
      header(`package/${path}`, body.length),
      body,
      Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK),
    ];
  });
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]));
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(
    `${octal(0o755, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0        0`,
    100,
  );
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0');
}
