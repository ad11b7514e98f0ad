import { appendFile, cp, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as v from 'valibot';
import { cleanEnvironment, type Env } from '../../src/os/env.js';
import { hasErrno, readTextIfAny } from '../../src/os/files.js';
import { connectDaemon } from '../../src/runtime/rpc.js';
import { JlistSchema, StatusSchema, type Pm2Process, type Status } from '../bed/answers.js';
import { claimPorts, MARKER, RUN_VARIABLE, runFolder } from '../bed/place.js';
import { shopApps, TRACES, type Files, type ShopApp } from './shop.js';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
// Not node_modules/.bin/pm2: that may be another version that the tests use.
const PM2 = join(PROJECT, 'node_modules', 'pm2', 'bin', 'pm2');
const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const LIMIT_MS = 30_000;
const GIT_CONFIG = `[user]
\tname = Developer
\temail = developer@example.invalid
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
[core]
\tautocrlf = false
`;

const HistorySchema = v.object({
  runs: v.array(
    v.object({
      to: v.string(),
      outcome: v.nullable(v.string()),
      cause: v.nullable(v.string()),
      trigger: v.string(),
      endedAt: v.nullable(v.string()),
    }),
  ),
});

/** A run, as `history --json` tells it. */
export type PastRun = v.InferOutput<typeof HistorySchema>['runs'][number];

/** Everything that the demo makes: a developer's clone, a bare remote, a machine's checkout, and a pm2 daemon of its own. */
export class World {
  /** The id of this demo: all its processes carry it. */
  readonly id = process.pid.toString(36);
  readonly remote: string;
  readonly root: string;
  readonly pm2Home: string;
  readonly traces: string;
  readonly #env: Env;

  private constructor(
    /** Everything lies below it. */
    readonly folder: string,
    readonly apps: readonly ShopApp[],
    private readonly signal: AbortSignal,
  ) {
    this.remote = join(folder, 'shop.git');
    this.root = join(folder, 'shop');
    this.pm2Home = join(folder, 'pm2');
    this.traces = join(folder, 'traces');
    this.#env = environment(folder, `${this.id}/demo`);
  }

  /** Makes the folders. Throws where the machine's only pm2 daemon is somebody's already. */
  static async open(signal: AbortSignal): Promise<World> {
    await refuseOnlyDaemon(signal);
    const id = process.pid.toString(36);
    process.env[RUN_VARIABLE] = id;
    await mkdir(runFolder(id), { recursive: true });
    const world = new World(await realpath(runFolder(id)), shopApps(await claimPorts(6)), signal);
    for (const folder of [world.pm2Home, world.traces]) await mkdir(folder);
    await writeFile(join(world.folder, 'gitconfig'), GIT_CONFIG);
    return world;
  }

  /** Makes the empty remote and the developer's clone. */
  async found(): Promise<void> {
    await this.#git(this.folder, ['init', '--quiet', '--bare', this.remote]);
    await this.#git(this.folder, ['clone', '--quiet', this.remote, 'developer']);
  }

  /** What a developer does: commits, tags, pushes. Gives back the moment before anybody could see it. */
  async publish(tag: string, files: Files): Promise<number> {
    const clone = join(this.folder, 'developer');
    for (const [path, text] of Object.entries(files)) await writeFile(join(clone, path), text);
    await this.#git(clone, ['add', '--all']);
    await this.#git(clone, ['commit', '--quiet', '--message', `release ${tag}`]);
    await this.#git(clone, ['tag', tag]);
    const at = Date.now();
    await this.#git(clone, ['push', '--quiet', 'origin', 'HEAD:main', tag]);
    return at;
  }

  /** What an operator does once: has the checkout, makes it a root, starts the apps by pm2 as ever. */
  async install(tag: string, gitops: object): Promise<void> {
    await this.#git(this.folder, ['clone', '--quiet', this.remote, this.root]);
    await this.#git(this.root, ['checkout', '--quiet', tag]);
    await this.cli(['init', '--yes']);
    const path = join(this.root, 'gitops.json');
    const known: unknown = JSON.parse((await readTextIfAny(path)) ?? '{}');
    await writeFile(path, `${JSON.stringify(Object.assign({}, known, gitops), null, 2)}\n`);
    await this.pm2(['start', 'ecosystem.config.cjs']);
  }

  /** Runs the product's command line in the root; 3 and 5 tell a state, not a failure. */
  cli(args: readonly string[]): Promise<string> {
    return this.#run(process.execPath, [CLI, ...args], { cwd: this.root, fine: [0, 3, 5] });
  }

  pm2(args: readonly string[]): Promise<string> {
    return this.#run(process.execPath, [PM2, '--silent', ...args], { cwd: this.root });
  }

  async status(): Promise<Status> {
    return v.parse(StatusSchema, JSON.parse(await this.cli(['status', '--json'])));
  }

  /** The newest run. */
  async lastRun(): Promise<PastRun> {
    const { runs } = v.parse(
      HistorySchema,
      JSON.parse(await this.cli(['history', '--json', '--limit', '1'])),
    );
    const [newest] = runs;
    if (newest === undefined) throw new Error('history tells of no run');
    return newest;
  }

  /** pm2's own list. */
  async processes(): Promise<Pm2Process[]> {
    return v.parse(JlistSchema, JSON.parse(await this.pm2(['jlist'])));
  }

  /** Ends the daemon and its apps, in peace; works after an interrupt as well. */
  async stopPm2(): Promise<void> {
    await execa(process.execPath, [PM2, '--silent', 'kill'], {
      ...{ cwd: this.folder, env: this.#env, extendEnv: false, stdin: 'ignore', reject: false },
      timeout: LIMIT_MS,
    });
  }

  /** Copies the logs to where they stay, and says where that is. */
  async keepLogs(problem: string): Promise<string> {
    const kept = join(tmpdir(), `pm2-gitops-demo-${this.id}-logs`);
    await mkdir(kept, { recursive: true });
    const sources = { state: join(this.root, '.pm2-gitops'), pm2: this.pm2Home, traces: this.traces };
    for (const [name, source] of Object.entries(sources))
      await cp(source, join(kept, name), { recursive: true, filter: isText }).catch(ignoreAbsence);
    await appendFile(join(kept, 'problem.txt'), `${problem}\n`);
    return kept;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  #git(cwd: string, args: readonly string[]): Promise<string> {
    return this.#run('git', args, { cwd });
  }

  async #run(file: string, args: readonly string[], { cwd, fine = [0] }: Terms): Promise<string> {
    const { exitCode, stdout, stderr, isCanceled } = await execa(file, [...args], {
      ...{ cwd, env: this.#env, extendEnv: false, stdin: 'ignore', reject: false },
      ...{ timeout: LIMIT_MS, cancelSignal: this.signal },
    });
    if (isCanceled) throw new Error('interrupted');
    if (exitCode !== undefined && fine.includes(exitCode)) return stdout;
    throw new Error(`${file} ${args.join(' ')} ended with ${exitCode ?? 'a kill'}:\n${stdout}\n${stderr}`);
  }
}

interface Terms {
  readonly cwd: string;
  /** The exit codes that are no failure. */
  readonly fine?: readonly number[];
}

/** The visitor's environment without what would lead out of the demo, and its mark. */
function environment(folder: string, mark: string): Env {
  const clean = cleanEnvironment({ ...process.env, PM2_GITOPS_ROOT: undefined });
  const path = Object.keys(clean).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  return {
    ...clean,
    [path]: [dirname(process.execPath), clean[path] ?? ''].join(delimiter),
    PM2_HOME: join(folder, 'pm2'),
    PM2_DISABLE_VERSION_CHECK: 'true', // no traffic
    GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    [TRACES]: join(folder, 'traces'),
    [MARKER]: mark,
  };
}

/** On Windows pm2 has one daemon a machine, whatever PM2_HOME says: it must not be the visitor's. */
async function refuseOnlyDaemon(signal: AbortSignal): Promise<void> {
  if (process.platform !== 'win32') return;
  const daemon = await connectDaemon({ home: '', platform: 'win32' }, signal).catch(() => null);
  daemon?.close();
  if (daemon !== null)
    throw new Error('a pm2 daemon runs on this machine, and Windows has one for all: try the demo elsewhere');
}

function isText(path: string): boolean {
  return !/\.(sock|lock)$|mirror\.git|stage$|kept$/.test(path);
}

function ignoreAbsence(error: unknown): void {
  if (!hasErrno(error, 'ENOENT')) throw error;
}
