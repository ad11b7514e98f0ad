import { accessSync, constants } from 'node:fs';
import { Writable } from 'node:stream';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Command } from './run.js';

/** The file descriptor on which a waiting program is told to begin. */
export const GO = 3;

// `read` fails when whoever was to say it has died. The shell's own variables are none of the program's business.
const WAIT = `read -r go <&${GO} || exit 125; unset go PWD OLDPWD SHLVL; exec "$@" ${GO}<&-`;

/**
 * The command as a shell that becomes the program once it is told to: so nothing runs that nobody has written down, whenever its
 * parent is killed. The pid stays the same. The command itself where it cannot be started: the system tells why.
 */
export function waitingCommand(command: Command): Command {
  const { file, args } = command;
  if (process.platform === 'win32' || !isThere(command)) return command;
  return { ...command, file: '/bin/sh', args: ['-c', WAIT, 'sh', file, ...args] };
}

/** Lets a waiting program begin. */
export function letGo(stream: unknown): void {
  if (!(stream instanceof Writable)) return;
  stream.on('error', () => undefined); // it died before: how, its exit tells
  stream.end('go\n');
}

function isThere({ file, cwd, env }: Command): boolean {
  const places = /[/]/.test(file)
    ? [isAbsolute(file) ? file : resolve(cwd, file)]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, file));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
