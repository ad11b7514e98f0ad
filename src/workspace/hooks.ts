import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { HookName } from '../config/release.js';
import type { Env } from '../os/env.js';
import { run, type RunResult } from '../os/run.js';
import { shellCommand } from '../os/shell.js';
import { ranOutOfRoom } from '../os/space-fault.js';
import { reported, type Effort } from './effort.js';
import { lastLines } from './last-lines.js';

/** A hook's way of saying that now is not the time (sysexits' EX_TEMPFAIL). */
const NOT_NOW = 75;

/** A hook of the release, run in its tree. `env` adds the `GITOPS_…` variables to the clean environment. */
export interface HookCall {
  readonly name: HookName;
  readonly command: string;
  readonly tree: string;
  readonly env: Env;
}

/**
 * Runs a hook; its whole process tree ends with its time limit.
 * Throws `HOOK_NOT_NOW` (it ended with 75), `HOOK_FAILED`, `DISK_FULL`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function runHook({ name, command, tree, env }: HookCall, effort: Effort): Promise<void> {
  effort.report.step(`${name}: ${command}`);
  const result = await runShell({ command, tree, env }, effort);
  if (result.code === 0) return;
  if (result.code === NOT_NOW) {
    throw new GitOpsError('HOOK_NOT_NOW', `${name} says: not now: ${lastLines(result)}`, {
      hint: 'the next poll asks it again',
    });
  }
  if (ranOutOfRoom(result, tree)) throw noRoom(name, result);
  throw new GitOpsError('HOOK_FAILED', `${name} failed: ${lastLines(result)}`, {
    hint: `mend the hook "${command}" and tag again`,
  });
}

/** Runs the release's build. Throws `BUILD_FAILED`, `COMMAND_TIMEOUT`, `DISK_FULL`, `ABORTED`. */
export async function runBuild(
  { command, tree, env }: Omit<HookCall, 'name'>,
  effort: Effort,
): Promise<void> {
  effort.report.step(`build: ${command}`);
  const result = await runShell({ command, tree, env }, effort);
  if (result.code === 0) return;
  if (ranOutOfRoom(result, tree)) throw noRoom('build', result);
  throw new GitOpsError('BUILD_FAILED', `build failed: ${lastLines(result)}`, {
    hint: 'mend the build and tag again',
  });
}

function noRoom(what: string, result: RunResult): GitOpsError {
  return new GitOpsError('DISK_FULL', `${what}: no space left: ${lastLines(result)}`, {
    hint: 'free some space; the next poll tries again',
  });
}

interface ShellCall {
  readonly command: string;
  readonly tree: string;
  readonly env: Env;
}

async function runShell({ command, tree, env }: ShellCall, effort: Effort): Promise<RunResult> {
  try {
    return await run(shellCommand(command, tree, { ...effort.env, CI: 'true', ...env }), reported(effort));
  } catch (error) {
    if (!isGitOpsError(error, 'COMMAND_TIMEOUT')) throw error;
    throw new GitOpsError('COMMAND_TIMEOUT', `"${command}": ${error.message}`, {
      cause: error,
      hint: 'raise its limit in gitops.timeouts if it needs longer',
    });
  }
}
