import type { Env } from './env.js';
import { gitCommand } from './git.js';
import { query } from './query.js';

const UNATTENDED = 'ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15';
const LIMITS = { limitMs: 10_000, maxBytes: 64 * 1024 };

/**
 * The environment in which git may go to a remote: whatever way of ssh the user chose stays, else one that asks nobody anything.
 * Git prefers the variable to `core.sshCommand`, so git is asked for that first: also for https, which `insteadOf` may turn into ssh.
 * Throws what `query` throws.
 */
export async function sshEnvironment(
  { cwd, env }: { readonly cwd: string; readonly env: Env },
  watch: { readonly signal: AbortSignal; readonly background: boolean },
): Promise<Env> {
  if (env['GIT_SSH_COMMAND'] !== undefined || env['GIT_SSH'] !== undefined) return env;
  const question = gitCommand(['config', '--get', 'core.sshCommand'], { cwd, env });
  const own = (await query(question, { ...LIMITS, ...watch })).stdout.trim();
  return { ...env, GIT_SSH_COMMAND: own === '' ? UNATTENDED : own };
}
