import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as v from 'valibot';
import { openRoot } from '../../src/agent/compose.js';
import { readStatus } from '../../src/agent/status.js';
import { statusJson } from '../../src/cli/json.js';
import type { Release } from '../../src/domain/release.js';
import type { Phase } from '../../src/domain/upgrade.js';
import { systemClock } from '../../src/os/clock.js';
import { readJournal } from '../../src/state/journal.js';
import { layoutOf } from '../../src/state/layout.js';
import { holderOf, type Holder } from '../../src/state/lock.js';
import {
  AppAnswerSchema,
  JlistSchema,
  StartSchema,
  StatusSchema,
  type Pm2Process,
  type Start,
  type Status,
} from './answers.js';
import type { Disk } from './disk.js';
import { FalseClock } from './false-clock.js';
import { closePlace, MARKER, openPlace, stopPlace, type Place } from './place.js';
import type { Registry } from './registry.js';
import type { Remote } from './remote.js';
import { ToolWrapper, type Tool } from './wrapper.js';

/** What a program left. Its exit code is null if it was ended at its limit. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how long a program runs. */
export interface Terms {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Phase and active release are null without a journal that tells them, the worker where none is at work. */
interface Glance {
  readonly phase: Phase['at'] | null;
  readonly active: Release | null;
  readonly worker: Holder | null;
}

/** The compiled library, as an embedding app imports it. */
export const PRODUCT = new URL('../../src/index.js', import.meta.url);

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const PM2 = join(PROJECT, 'node_modules', 'pm2', 'bin', 'pm2');
const TOOLS = ['git', 'npm', 'ssh', 'ps'] as const;

/** One machine: its own home, pm2 daemon and PATH. Whatever it starts is ended by `close`. */
export class Machine {
  readonly home: string;
  readonly pm2Home: string;
  /** The usual place of an application; a machine may have further roots beside it. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #place: Place;
  readonly #tools: ReadonlyMap<Tool, ToolWrapper>;
  readonly #disk: Disk | null;
  readonly #clock: FalseClock | null;

  private constructor(place: Place, { disk, clock }: { disk: Disk | null; clock: FalseClock | null }) {
    this.#place = place;
    this.#disk = disk;
    this.#clock = clock;
    this.home = join(place.folder, 'home');
    this.pm2Home = join(place.folder, 'pm2');
    this.root = join(place.folder, 'app');
    const bin = join(place.folder, 'bin');
    this.#tools = new Map(TOOLS.map((tool) => [tool, new ToolWrapper(tool, bin)]));
    this.env = {
      PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
      HOME: this.home,
      PM2_HOME: this.pm2Home,
      TMPDIR: join(place.folder, 'tmp'),
      LANG: 'C.UTF-8',
      [MARKER]: place.mark,
      ...clock?.env,
    };
  }

  /** With a disk, all of the machine lies on it; with a false clock, all that runs on it believes that. */
  static async open({
    registry,
    disk = null,
    falseClock = false,
  }: { registry?: Registry; disk?: Disk | null; falseClock?: boolean } = {}): Promise<Machine> {
    const place = await openPlace();
    await disk?.attach(place.folder);
    const clock = falseClock ? await FalseClock.make(place.folder) : null;
    const machine = new Machine(place, { disk, clock });
    for (const name of ['home', 'pm2', 'app', 'bin', 'tmp']) await mkdir(machine.path(name));
    for (const tool of machine.#tools.values()) await tool.install();
    await symlink(PM2, machine.path('bin', 'pm2'));
    await writeFile(join(machine.home, '.npmrc'), npmrc(registry?.url ?? 'http://127.0.0.1:9/'));
    await writeFile(
      join(machine.home, '.gitconfig'),
      '[user]\n\tname = Operator\n\temail = operator@example.invalid\n',
    );
    return machine;
  }

  /** A path below the machine's own folder. */
  path(...names: string[]): string {
    return join(this.#place.folder, ...names);
  }

  /** The clock that all of the machine believes. */
  get clock(): FalseClock {
    if (this.#clock === null) throw new Error('this machine has no false clock');
    return this.#clock;
  }

  /** The wrapper that stands before a tool in PATH: it logs calls and makes them fail or hang. */
  tool(name: Tool): ToolWrapper {
    const wrapper = this.#tools.get(name);
    if (wrapper === undefined) throw new Error(`no wrapper for ${name}`);
    return wrapper;
  }

  /** Runs the product's command line. */
  cli(args: readonly string[], terms: Terms = {}): Promise<Outcome> {
    return this.exec(process.execPath, [MAIN, ...args], terms);
  }

  pm2(args: readonly string[], terms: Terms = {}): Promise<Outcome> {
    return this.exec(process.execPath, [PM2, '--silent', ...args], terms);
  }

  /** Runs a program as the machine's user would, in the root unless told otherwise. */
  async exec(
    file: string,
    args: readonly string[],
    { cwd = this.root, env = {}, timeoutMs = 60_000 }: Terms,
  ): Promise<Outcome> {
    const child = execa(file, [...args], {
      cwd,
      env: { ...this.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      // A group of its own: at the limit its children go too, or their hold on the pipes would keep us waiting.
      detached: true,
    });
    const ended = new AbortController();
    const limit = systemClock()
      .sleep(timeoutMs, ended.signal)
      .then(() => {
        killGroup(child.pid);
      }, noop);
    const result = await child;
    ended.abort();
    await limit;
    return { code: result.exitCode ?? null, stdout: result.stdout, stderr: result.stderr };
  }

  /** As `exec`, but a failure of the bed's own preparations is an error. */
  async must(file: string, args: readonly string[], terms: Terms = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(file, args, terms);
    if (code !== 0)
      throw new Error(`${file} ${args.join(' ')} ended with ${code ?? 'a kill'}:\n${stdout}\n${stderr}`);
    return stdout.trim();
  }

  /** A checkout as people make it: cloned, on a tag, installed, started by pm2. */
  async deploy(remote: Remote, tag: string, { root = this.root, pm2 = PM2 } = {}): Promise<void> {
    await this.must('git', ['clone', '--quiet', remote.url, root], { cwd: this.#place.folder });
    await this.must('git', ['-c', 'advice.detachedHead=false', 'checkout', '--quiet', tag], { cwd: root });
    if (existsSync(join(root, 'package-lock.json'))) await this.must('npm', ['ci'], { cwd: root });
    await this.must(process.execPath, [pm2, '--silent', 'start', 'ecosystem.config.cjs'], { cwd: root });
  }

  /** Puts keys into the machine's gitops.json; undefined takes one out. */
  async configure(keys: Readonly<Record<string, unknown>>, { root = this.root } = {}): Promise<void> {
    const path = join(root, 'gitops.json');
    const known = existsSync(path)
      ? v.parse(v.record(v.string(), v.unknown()), JSON.parse(await readFile(path, 'utf8')))
      : {};
    await writeFile(path, `${JSON.stringify({ ...known, ...keys }, null, 2)}\n`);
  }

  /** What `status --json` tells, read by this process: the command line takes a quarter of a second of a core each time. */
  async status({ root = this.root } = {}): Promise<Status> {
    // Another clock than ours is for programs only.
    if (this.#clock !== null) return this.statusByCli({ root });
    const opened = await openRoot(root);
    const host = { ...opened.host, env: this.env, pm2Home: this.pm2Home };
    const status = await readStatus({ ...opened, host }, AbortSignal.timeout(30_000));
    return v.parse(StatusSchema, JSON.parse(JSON.stringify(statusJson(status))));
  }

  /** The parsed answer of `status --json`; throws where it is not what the contract says. */
  async statusByCli({ root = this.root } = {}): Promise<Status> {
    const { code, stdout, stderr } = await this.cli(['status', '--json', '--root', root]);
    if (code === null || ![0, 3, 5].includes(code))
      throw new Error(`status ended with ${code ?? 'a kill'}:\n${stdout}\n${stderr}`);
    return v.parse(StatusSchema, JSON.parse(stdout));
  }

  /** What journal and lock tell of the work under way: for what is asked again and again, as a status looks at every process. */
  async glance({ root = this.root } = {}): Promise<Glance> {
    const { journal, upgradeLock } = layoutOf(root);
    const upgrade = (await readJournal(journal))?.upgrade ?? null;
    const active = upgrade?.active?.release ?? null;
    return { phase: upgrade?.phase.at ?? null, active, worker: await holderOf(upgradeLock) };
  }

  /** pm2's own list, by the daemon and the command line that people use. */
  async processes(): Promise<Pm2Process[]> {
    return v.parse(JlistSchema, JSON.parse(await this.must(process.execPath, [PM2, '--silent', 'jlist'])));
  }

  /** Every start of a fixture process since the machine was opened, oldest first. */
  async starts(): Promise<Start[]> {
    const text = await readFile(join(this.pm2Home, 'starts.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => v.parse(StartSchema, JSON.parse(line)));
  }

  /** Ends everything that was started on this machine, at once. */
  halt(): Promise<void> {
    return stopPlace(this.#place);
  }

  /** Ends everything that was started on this machine and removes it. */
  async close(): Promise<void> {
    await this.halt();
    await this.#clock?.close();
    await this.#disk?.close();
    await closePlace(this.#place);
  }
}

/** What a fixture app on a port says about itself; null if it does not answer. */
export async function askApp(
  port: number,
  path = '/version',
): Promise<v.InferOutput<typeof AppAnswerSchema> | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(30_000) });
    return v.parse(AppAnswerSchema, await response.json());
  } catch {
    return null;
  }
}

function npmrc(registry: string): string {
  return `registry=${registry}\naudit=false\nfund=false\nupdate-notifier=false\n`;
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

function noop(): void {
  // the program ended before its limit
}
