import { totalmem } from 'node:os';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { Env } from './env.js';
import { run, type Command, type RunOptions, type RunResult } from './run.js';

// The tree is not ours: whatever it brings (hooks, filters of a hostile config, submodules, `ext::` remotes) stays inert.
// core.fsync=all: the default leaves loose objects, the index and refs to chance after a power loss.
const DEAF = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'core.fsync=all',
  'core.longpaths=true',
  // No `.git` by another name, whatever the file system: a server may get around `transfer.fsckObjects` (by the old protocol of plain files).
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'protocol.ext.allow=never',
  'transfer.fsckObjects=true',
  'fetch.recurseSubmodules=false',
  'submodule.recurse=false',
  'gc.auto=0',
  'advice.detachedHead=false',
  'safe.directory=*',
];

/** Settings that make git deaf to the tree it works on, each as `key=value` for `git -c`. */
export const DEAF_GIT_CONFIG: readonly string[] = DEAF;

/** Variables that keep git from asking anybody anything: an unattended prompt is a hang. For ssh see `sshEnvironment`. */
export function unattendedGit(env: Env): Env {
  return {
    ...env,
    GIT_TERMINAL_PROMPT: '0',
    // Set but empty: git then asks neither core.askPass nor SSH_ASKPASS.
    GIT_ASKPASS: env['GIT_ASKPASS'] ?? '',
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
  };
}

/** `git <args>` as a command, deaf and unattended. */
export function gitCommand(args: readonly string[], { cwd, env }: { cwd: string; env: Env }): Command {
  return {
    file: 'git',
    args: [...DEAF.flatMap((setting) => ['-c', setting]), ...args],
    cwd,
    env: unattendedGit(env),
  };
}

/** Where git runs, and how much memory each of its processes may take: none is told where only local files are read. */
export interface GitPlace {
  readonly cwd: string;
  readonly env: Env;
  readonly maxBytes?: number | undefined;
}

/** Runs git and gives back its result whatever the exit code. Throws `GIT_MISSING`, `COMMAND_TIMEOUT`, `ABORTED`. */
export async function runGit(
  args: readonly string[],
  place: GitPlace,
  options: RunOptions,
): Promise<RunResult> {
  const command = gitCommand(args, place);
  try {
    if (place.maxBytes === undefined) return await run(command, options);
    const result = await run(boundMemory(command, place.maxBytes), options);
    if (result.code === NOT_FOUND) throw gitMissing();
    return result;
  } catch (error) {
    throw isGitOpsError(error, 'COMMAND_MISSING') ? gitStartFailure(error) : error;
  }
}

/** The failed start of a git as git's: a missing command is `GIT_MISSING`. */
export function gitStartFailure(error: GitOpsError): GitOpsError {
  return error.code === 'COMMAND_MISSING' ? gitMissing(error) : error;
}

/** There is no git. */
export function gitMissing(cause?: GitOpsError): GitOpsError {
  const hint = 'install git and make sure that it is in PATH';
  return new GitOpsError('GIT_MISSING', cause?.message ?? 'git is not in PATH', { cause, hint });
}

/** The exit code of a shell that did not find the program (POSIX, Shell Command Language, 2.8.2). */
export const NOT_FOUND = 127;

/**
 * The same command with a bound to the memory that each of its processes may take (RLIMIT_DATA): git keeps what a server tells of itself
 * and its refs in memory, however much that is. Only Linux counts all memory towards this limit; elsewhere the command stays as it is.
 */
export function boundMemory(command: Command, maxBytes: number): Command {
  if (process.platform !== 'linux') return command;
  const kibibytes = Math.floor(Math.min(maxBytes, Math.max(totalmem() / 2, LEAST_BYTES)) / 1024);
  const script = `ulimit -d ${kibibytes} 2>/dev/null; exec "$0" "$@"`;
  return {
    ...command,
    name: command.file,
    file: '/bin/sh',
    args: ['-c', script, command.file, ...command.args],
  };
}

const LEAST_BYTES = 256 * 1024 ** 2;
