import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { answerByGit, AUTHOR, gitEnvironment } from './http-backend.js';
import { LoopbackServer, type Answer, type Ask, type Fault } from './loopback.js';
import { closePlace, openPlace, type Place } from './place.js';

/** A tree as changes: the text of each path, or null where it is to go. */
export type Files = Readonly<Record<string, string | null>>;

/** How often the remote was asked, by kind: v0/v1 advertisements, v2 capabilities, v2 ref listings, packs. */
export interface RemoteCounts {
  advertisement: number;
  capabilities: number;
  lsRefs: number;
  fetch: number;
}

/** What a client must send as basic auth. */
export interface BasicAuth {
  readonly user: string;
  readonly password: string;
}

/** Of which answer there is no end: what it says of itself, its refs, its pack, or the talk before the pack. */
export type Flood = 'none' | 'capabilities' | 'refs' | 'pack' | 'talk';

/** A bare git repository that is served over smart HTTP on loopback and by a `file://` address. */
export class Remote {
  /** Change it to demand other credentials, or null for none. */
  auth: BasicAuth | null = null;
  /** Change it to have it answer without end. */
  flood: Flood = 'none';
  readonly counts: RemoteCounts = { advertisement: 0, capabilities: 0, lsRefs: 0, fetch: 0 };
  readonly #place: Place;
  readonly #gitDir: string;
  readonly #server: LoopbackServer;
  #commits = 0;

  private constructor(place: Place, server: LoopbackServer) {
    this.#place = place;
    this.#server = server;
    server.answer = (ask) => this.#answer(ask);
    this.#gitDir = join(place.folder, 'app.git');
  }

  static async open(): Promise<Remote> {
    const remote = new Remote(await openPlace(), await LoopbackServer.open());
    await mkdir(remote.#gitDir);
    await remote.git(['init', '--quiet', '--bare', '--initial-branch=main']);
    return remote;
  }

  get url(): string {
    return `${this.#server.url}/app.git`;
  }

  get fileUrl(): string {
    return `file://${this.#gitDir}`;
  }

  /** How much of endless answers has been sent. */
  get tailBytes(): number {
    return this.#server.tailBytes;
  }

  /** How many bytes went over its connections, both ways, heads included. */
  get wireBytes(): number {
    return this.#server.wireBytes;
  }

  /** How many connections were made to it. */
  get connections(): number {
    return this.#server.connections;
  }

  /** Puts something before the server's own answer; null: nothing. */
  set before(before: ((ask: Ask) => Answer | null) | null) {
    this.#server.answer = (ask) => before?.(ask) ?? this.#answer(ask);
  }

  /** Closes the connections that are open, as a server does that has waited for long enough. */
  hangUp(): void {
    this.#server.hangUp();
  }

  set fault(fault: Fault) {
    this.#server.fault = fault;
  }

  /** Commits changes upon a branch's tip and gives the new commit's id. */
  async commit(files: Files, message: string, { branch = 'main' } = {}): Promise<string> {
    const ref = `refs/heads/${branch}`;
    const known = await this.git(['for-each-ref', '--format=x', ref]);
    this.#commits += 1;
    const head = [
      `commit ${ref}`,
      'mark :1',
      `committer ${AUTHOR.name} <${AUTHOR.email}> ${AUTHOR.epoch + this.#commits} +0000`,
      literal(message),
      ...(known === '' ? [] : [`from ${ref}^0`]),
    ];
    const changes = Object.entries(files).map(([path, text]) =>
      text === null ? `D ${path}` : `M 100644 inline ${path}\n${literal(text)}`,
    );
    return this.git(
      ['fast-import', '--quiet', '--force'],
      [...head, ...changes, '', 'get-mark :1', ''].join('\n'),
    );
  }

  /** Commits and tags in one go. */
  async release(tag: string, files: Files): Promise<string> {
    const commit = await this.commit(files, `release ${tag}`);
    await this.tag(tag, { commit });
    return commit;
  }

  async tag(name: string, { annotated = false, commit = 'refs/heads/main' } = {}): Promise<void> {
    await this.git([
      'tag',
      '--force',
      ...(annotated ? ['--annotate', `--message=${name}`] : []),
      '--',
      name,
      commit,
    ]);
  }

  /** Gives it many tags at once, each annotated: all by one tag object, packed as `git pack-refs` does. Whatever refs there are must be packed or loose. */
  async tagMany(names: readonly string[], { commit = 'refs/heads/main' } = {}): Promise<void> {
    const target = await this.git(['rev-parse', `${commit}^{commit}`]);
    const text = [`object ${target}`, 'type commit', 'tag many', `tagger Bed <b@e.invalid> 1750000000 +0000`];
    const object = await this.git(['mktag', '--no-strict'], `${text.join('\n')}\n\nmany\n`);
    const known = (await this.git(['for-each-ref', '--format=%(refname) %(objectname) %(*objectname)']))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '));
    const lines = new Map<string, string>();
    for (const [name = '', id = '', peeled = ''] of known)
      lines.set(name, peeled === '' ? `${id} ${name}\n` : `${id} ${name}\n^${peeled}\n`);
    for (const name of names) lines.set(`refs/tags/${name}`, `${object} refs/tags/${name}\n^${target}\n`);
    const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
    const head = '# pack-refs with: peeled fully-peeled sorted \n';
    await writeFile(join(this.#gitDir, 'packed-refs'), head + sorted.join(''));
  }

  async moveTag(name: string, commit: string): Promise<void> {
    await this.tag(name, { commit });
  }

  async deleteTag(name: string): Promise<void> {
    await this.git(['update-ref', '-d', `refs/tags/${name}`]);
  }

  async branch(name: string, { commit = 'refs/heads/main' } = {}): Promise<void> {
    await this.git(['update-ref', `refs/heads/${name}`, commit]);
  }

  /** Runs git in the bare repository, deaf to the configuration of whoever runs the tests. */
  async git(args: readonly string[], input = ''): Promise<string> {
    const { stdout } = await execa('git', [...args], {
      cwd: this.#gitDir,
      env: gitEnvironment(),
      extendEnv: false,
      input,
    });
    return stdout.trim();
  }

  async close(): Promise<void> {
    await this.#server.close();
    await closePlace(this.#place);
  }

  async #answer(ask: Ask): Promise<Answer> {
    const kind = kindOf(ask);
    this.counts[kind] += 1;
    if (!this.#admits(ask)) return denied();
    return flooded(await answerByGit(ask, this.#place.folder), kind, this.flood);
  }

  #admits({ headers }: Ask): boolean {
    if (this.auth === null) return true;
    const token = Buffer.from(`${this.auth.user}:${this.auth.password}`).toString('base64');
    return headers.authorization === `Basic ${token}`;
  }
}

function kindOf({ method, body, headers }: Ask): keyof RemoteCounts {
  const isV2 = String(headers['git-protocol']).includes('version=2');
  if (method === 'GET') return isV2 ? 'capabilities' : 'advertisement';
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('latin1');
  return text.includes('command=ls-refs') ? 'lsRefs' : 'fetch';
}

/** https://git-scm.com/docs/gitprotocol-v2: the answer up to where it can go on for ever, and what then comes again and again. */
function flooded(answer: Answer, kind: keyof RemoteCounts, flood: Flood): Answer {
  if (flood === 'capabilities' && kind === 'capabilities')
    return { ...answer, body: answer.body.subarray(0, -4), tail: packets('x'.repeat(900)) };
  if (flood === 'refs' && kind === 'lsRefs')
    return { ...answer, body: Buffer.alloc(0), tail: packets(`${'1'.repeat(40)} refs/tags/v0.0.1\n`) };
  const start = answer.body.indexOf('000dpackfile\n');
  if (kind !== 'fetch' || start === -1 || !['pack', 'talk'].includes(flood)) return answer;
  const before = answer.body.subarray(0, start + '000dpackfile\n'.length);
  if (flood === 'talk') return { ...answer, body: before, tail: packets('\u0002blah blah blah\n') };
  return {
    ...answer,
    body: Buffer.concat([before, packet(Buffer.concat([PACK_CHANNEL, ENDLESS_PACK]))]),
    tail: packet(Buffer.concat([PACK_CHANNEL, NOISE])),
  };
}

// https://git-scm.com/docs/gitformat-pack: a head that promises a million objects; a blob of 32 KiB that cannot be compressed.
const PACK_CHANNEL = Buffer.from([1]);
const ENDLESS_PACK = Buffer.from('PACK\0\0\0\u0002\0\u000f\u0042\u0040', 'latin1');
const NOISE = Buffer.concat([Buffer.from([0xb0, 0x80, 0x10]), deflateSync(randomBytes(32_768))]);

function packet(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

function packets(text: string): Buffer {
  return Buffer.concat(Array.from({ length: 1_000 }, () => packet(Buffer.from(text))));
}

function literal(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function denied(): Answer {
  return { status: 401, headers: { 'www-authenticate': 'Basic realm="bed"' }, body: Buffer.from('denied') };
}
