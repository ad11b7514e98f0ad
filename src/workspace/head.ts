import { join, resolve } from 'node:path';
import type { Commit } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { readTextIfAny } from '../os/files.js';
import { gitCommand } from '../os/git.js';
import { query } from '../os/query.js';
import { readOnce } from '../os/read-once.js';
import { parseReflog, type HeadStep } from './reflog.js';

/** Where the HEAD of a checkout is, and how it came there. */
export interface Head {
  readonly commit: Commit;
  readonly steps: readonly HeadStep[];
}

interface Asking {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly background: boolean;
}

const LIMIT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/** Looks where HEAD is: in the files of a usual checkout, else by one short command of git. Null where nobody can tell. */
export async function lookAtHead(root: string, asking: Asking): Promise<Head | null> {
  const commit = await readHead(join(root, '.git'));
  if (commit === null) return askForHead(root, asking);
  return { commit, steps: await readSteps(join(root, '.git', 'logs', 'HEAD')) };
}

/** https://git-scm.com/docs/gitrepository-layout: a commit, or the name of a branch with a file of its own. Null: git knows more. */
async function readHead(gitDir: string): Promise<Commit | null> {
  const read = (path: string): Promise<string | null> => readText(join(gitDir, path)).catch(() => null);
  const text = await read('HEAD');
  const [, branch] = /^ref: (refs\/heads\/[^\0]+)\n$/.exec(text ?? '') ?? [];
  const id = branch === undefined ? text : await read(branch);
  return /^([0-9a-f]{40}|[0-9a-f]{64})\n$/.test(id ?? '') ? (id?.trim() ?? null) : null;
}

async function askForHead(root: string, { env, signal, background }: Asking): Promise<Head | null> {
  const args = ['rev-parse', 'HEAD^{commit}', '--git-path', 'logs/HEAD'];
  const limits = { signal, background, limitMs: LIMIT_MS, maxBytes: MAX_BYTES };
  const { code, stdout } = await query(gitCommand(args, { cwd: root, env }), limits);
  const [commit, log] = stdout.split('\n');
  if (code !== 0 || commit === undefined || log === undefined) return null;
  return { commit, steps: await readSteps(resolve(root, log)) };
}

async function readSteps(log: string): Promise<readonly HeadStep[]> {
  return (await readLog(log)) ?? [];
}

const readText = readOnce(readTextIfAny, { changes: 'inPlace' });

const readLog = readOnce(
  async (path): Promise<readonly HeadStep[]> => parseReflog((await readTextIfAny(path)) ?? ''),
  { changes: 'inPlace' },
);
