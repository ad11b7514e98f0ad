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

/** Runs git and gives back its result whatever the exit code. Throws `GIT_MISSING`, `COMMAND_TIMEOUT`, `ABORTED`. */
export async function runGit(
  args: readonly string[],
  place: { cwd: string; env: Env },
  options: RunOptions,
): Promise<RunResult> {
  try {
    return await run(gitCommand(args, place), options);
  } catch (error) {
    throw isGitOpsError(error, 'COMMAND_MISSING') ? gitStartFailure(error) : error;
  }
}

/** The failed start of a git as git's: a missing command is `GIT_MISSING`. */
export function gitStartFailure(error: GitOpsError): GitOpsError {
  if (error.code !== 'COMMAND_MISSING') return error;
  const hint = 'install git and make sure that it is in PATH';
  return new GitOpsError('GIT_MISSING', error.message, { cause: error, hint });
}
