import type { Env } from './env.js';
import type { Command } from './run.js';
import * as posix from './shell-posix.js';
import * as win32 from './shell-win32.js';

const platform = process.platform === 'win32' ? win32 : posix;

/** The user's own shell command, the only thing that a shell may read. */
export const shellCommand: (text: string, cwd: string, env: Env) => Command = platform.shellCommand;
