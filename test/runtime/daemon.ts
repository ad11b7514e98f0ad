import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TestContext } from 'node:test';
import { LONG } from '../bed/budget.js';
import { exists } from '../../src/os/files.js';
import type { DaemonPlace } from '../../src/runtime/socket.js';
import { connectDaemon, type Daemon } from '../../src/runtime/rpc.js';

const exec = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;
const CALL_LIMIT_MS = 30_000;

/** The packages that hold pm2 5, 6 and 7. */
export const PM2_PACKAGES = ['pm2-5', 'pm2-6', 'pm2'] as const;

/** Those that a long test is done with: all of them, or the newest. */
export const CHOSEN_PM2 = LONG ? PM2_PACKAGES : (['pm2'] as const);

/** A pm2 daemon with a PM2_HOME of its own, which ends with the test. */
export interface TestDaemon {
  readonly home: string;
  readonly place: DaemonPlace;
  /** A folder for apps; its path is real. */
  readonly root: string;
  readonly pid: number;
  readonly daemon: Daemon;
  /** The script of its pm2's own command line. */
  readonly cli: string;
  /** Runs pm2's own command line in the root. */
  readonly pm2: (...args: readonly string[]) => Promise<string>;
  /** Writes a file into the root. */
  readonly write: (name: string, text: string) => Promise<string>;
  /** Starts apps from their pm2 definitions; `cwd` is the root unless it is said. */
  readonly start: (...apps: readonly Record<string, unknown>[]) => Promise<void>;
}

/** A signal that ends every wait of a test. */
export function testSignal(limitMs = CALL_LIMIT_MS): AbortSignal {
  return AbortSignal.timeout(limitMs);
}

/** A folder with a short real path: the path of a socket has room for 107 bytes. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await makeFolder();
  t.after(() => removeFolder(folder));
  return folder;
}

async function makeFolder(): Promise<string> {
  return realpath(await mkdtemp(join(process.platform === 'win32' ? tmpdir() : '/tmp', 'rt-')));
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** The environment of a terminal: nothing of the runner's own. */
export function terminalEnv(home: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, PM2_HOME: home, LANG: 'C' };
}

/** Starts a daemon of one of the pm2 packages. */
export async function startDaemon(t: TestContext, pm2Package = 'pm2'): Promise<TestDaemon> {
  const folder = await makeFolder();
  // One hook: they run in the order in which they were added, and a daemon whose home is gone cannot be found any more.
  t.after(async () => {
    await killDaemon(home);
    await removeFolder(folder);
  });
  const [home, root] = [join(folder, 'home'), join(folder, 'root')];
  await mkdir(home);
  await mkdir(root);
  const cli = join(dirname(resolve(`${pm2Package}/package.json`)), 'bin', 'pm2');
  const pm2 = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await exec(process.execPath, [cli, ...args], {
      cwd: root,
      env: terminalEnv(home),
      timeout: CALL_LIMIT_MS,
    });
    return stdout;
  };
  await pm2('ping');
  const place: DaemonPlace = { home, platform: process.platform };
  const daemon = await connectDaemon(place, testSignal());
  t.after(() => {
    daemon.close();
  });
  const write = async (name: string, text: string): Promise<string> => {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
    return join(root, name);
  };
  const start = async (...apps: readonly Record<string, unknown>[]): Promise<void> => {
    const defaults = { cwd: root, kill_timeout: 1_000, vizion: false };
    const file = await write(
      '.start.json',
      JSON.stringify({ apps: apps.map((app) => ({ ...defaults, ...app })) }),
    );
    await pm2('start', file);
  };
  return {
    home,
    place,
    root,
    pid: Number(await readFile(join(home, 'pm2.pid'), 'utf8')),
    daemon,
    cli,
    pm2,
    write,
    start,
  };
}

/** Ends the daemon of a PM2_HOME together with its apps. */
export async function killDaemon(home: string): Promise<void> {
  const pidFile = join(home, 'pm2.pid');
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
  if (pid === 0 || !isAlive(pid)) return;
  // Its own orderly end: it kills its apps one after the other. Killed in other ways it leaves the file, and perhaps a zombie.
  process.kill(pid, 'SIGTERM');
  await eventually(async () => !isAlive(pid) || !(await exists(pidFile)));
}

/** Whether a process lives (a zombie counts). */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A TCP port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Waits until `ask` gives something; for what has no event of its own. */
export async function eventually<T>(ask: () => Promise<T | null | false>, limitMs = 10_000): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = await ask();
    if (found !== null && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms`);
    await setTimeout(20);
  }
}
