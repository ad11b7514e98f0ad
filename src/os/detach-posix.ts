import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Env } from './env.js';

/** A Node script to be run on its own, with its whole environment. Its output goes nowhere: it keeps a log. */
export interface DetachedProgram {
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
}

const GRACE_MS = 2_000;
const CHECK_MS = 50;

/**
 * pm2 ends a process by walking parent ids, so neither a new session nor a new group escapes it:
 *
 *     app ── sh (exits at once) ── worker          the worker's parent becomes init (or a subreaper)
 *
 * The session is new as well, so that closing the terminal does not hang the worker up.
 */
export async function launchDetached({ script, args, cwd, env }: DetachedProgram): Promise<void> {
  const shell = spawn(
    '/bin/sh',
    ['-c', '"$@" </dev/null >/dev/null 2>&1 &', 'sh', process.execPath, script, ...args],
    {
      cwd,
      env,
      detached: true,
      stdio: 'ignore',
    },
  );
  await once(shell, 'exit');
}

/** Ends the process group that `pid` leads. */
export async function endTree(pid: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  for (let waited = 0; waited < GRACE_MS && signalGroup(pid, 0); waited += CHECK_MS) {
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // ESRCH: nobody is left
  }
}
