import type { Env } from './env.js';
import type { Command } from './run.js';

/** The user's own shell command as `cmd.exe` reads it: `/s` takes the outermost quotes off, and all within them stays as it is written. */
export function shellCommand(text: string, cwd: string, env: Env): Command {
  const args = ['/d', '/s', '/c', `"${text}"`];
  return { file: env['ComSpec'] ?? 'cmd.exe', args, verbatim: true, cwd, env };
}
