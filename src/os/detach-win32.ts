import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { DetachedProgram } from './detach-posix.js';

// `taskkill /T` follows parent ids of living processes: once the launcher is gone, the chain to the worker is broken.
const LAUNCHER = `
const { spawn } = require('node:child_process');
spawn(process.execPath, process.argv.slice(1), { detached: true, stdio: 'ignore', windowsHide: true }).unref();
`;

/** Windows' way of the double fork: a launcher that starts the script and exits. */
export async function launchDetached({ script, args, cwd, env }: DetachedProgram): Promise<void> {
  const launcher = spawn(process.execPath, ['-e', LAUNCHER, '--', script, ...args], {
    cwd,
    env,
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
  });
  await once(launcher, 'exit');
}

/** Ends a process and everything below it, by parent id; where `taskkill` cannot, the process alone. */
export async function endTree(pid: number): Promise<void> {
  const killer = spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
  const ended = await once(killer, 'exit').catch(() => null); // it may not be in PATH
  if (ended?.[0] === 0) return;
  try {
    process.kill(pid);
  } catch {
    // ESRCH: it has ended
  }
}
