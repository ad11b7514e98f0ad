import { resolve } from 'node:path';
import type { Commit } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { readTextIfAny } from '../os/files.js';
import { gitCommand } from '../os/git.js';
import { query } from '../os/query.js';
import { parseReflog, type HeadStep } from './reflog.js';

/** Where the HEAD of a checkout is, and how it came there. */
export interface Head {
  readonly commit: Commit;
  readonly steps: readonly HeadStep[];
}

const LIMIT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/** Asks git where HEAD is; one short command and one file, no library. Null where git cannot tell. */
export async function lookAtHead(
  root: string,
  { env, signal, background }: { env: Env; signal: AbortSignal; background: boolean },
): Promise<Head | null> {
  const args = ['rev-parse', 'HEAD^{commit}', '--git-path', 'logs/HEAD'];
  const limits = { signal, background, limitMs: LIMIT_MS, maxBytes: MAX_BYTES };
  const { code, stdout } = await query(gitCommand(args, { cwd: root, env }), limits);
  const [commit, log] = stdout.split('\n');
  if (code !== 0 || commit === undefined || log === undefined) return null;
  return { commit, steps: parseReflog((await readTextIfAny(resolve(root, log))) ?? '') };
}
