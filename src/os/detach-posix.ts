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

/** Ends the process group that `pid` leads and, on Linux, who escaped from it; `mark` finds them when their parents are gone. */
export async function endTree(pid: number, mark: string | null = null): Promise<void> {
  const family = process.platform === 'linux' ? await familyOf(pid, mark) : null;
  const living = (): readonly number[] => family?.living() ?? (signalled(-pid, 0) ? [-pid] : []);
  if (await signalUntilGone(living, 'SIGTERM')) return;
  await signalUntilGone(living, 'SIGKILL');
}

/** Loaded where it is needed: a poller seldom ends anything. */
async function familyOf(pid: number, mark: string | null): Promise<{ living(): readonly number[] }> {
  const { Family } = await import('./family-linux.js');
  return new Family(pid, mark);
}

/** Signals each once, and looks for a while whether all have ended; who comes up meanwhile is signalled, too. */
async function signalUntilGone(living: () => readonly number[], signal: NodeJS.Signals): Promise<boolean> {
  const told = new Set<number>();
  for (let waited = 0; waited < GRACE_MS; waited += CHECK_MS) {
    const left = living();
    if (left.length === 0) return true;
    for (const pid of left.filter((each) => !told.has(each))) {
      told.add(pid);
      signalled(pid, signal);
    }
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }
  return false;
}

function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // ESRCH: nobody is left
  }
}
