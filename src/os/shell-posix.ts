import type { Env } from './env.js';
import type { Command } from './run.js';

/** The user's own shell command as `sh` reads it. */
export function shellCommand(text: string, cwd: string, env: Env): Command {
  return { file: '/bin/sh', args: ['-c', text], cwd, env };
}
