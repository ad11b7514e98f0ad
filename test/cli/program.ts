import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ownFolder } from '../folder.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const LIMIT_MS = 60_000;

/** How the command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whose home it is (the folder, too, unless another is given), and what else is in the environment. */
interface Setting {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the command line in a folder, by pipes, as a user without any pm2. */
export async function runCli(folder: string, args: readonly string[], setting: Setting = {}): Promise<Ended> {
  const child = startCli(folder, args, setting);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}

/** The same, and leaves it running. */
export function startCli(
  folder: string,
  args: readonly string[],
  { home = folder, env = {} }: Setting = {},
): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...environmentOf(home), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
}

/** A root that follows a repository; nothing was brought to it yet. */
export async function bareRoot(context: TestContext, repository: string): Promise<string> {
  const root = await ownFolder(context);
  await writeFile(join(root, 'gitops.json'), JSON.stringify({ repository, strategy: 'releases' }));
  return root;
}

/** A repository with the tag v1.0.0, as a path. */
export async function taggedRepository(context: TestContext): Promise<string> {
  const folder = join(await ownFolder(context), 'shop.git');
  await mkdir(folder);
  const git = (...args: readonly string[]) =>
    promisify(execFile)('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      cwd: folder,
      env: environmentOf(folder),
    });
  await git('init', '-q');
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  await git('tag', 'v1.0.0');
  return folder;
}

/** The environment of a user without any pm2. */
export function environmentOf(folder: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: folder, PM2_HOME: join(folder, '.pm2'), LANG: 'C' };
}
