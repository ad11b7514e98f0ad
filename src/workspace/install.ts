import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { describeCommand, run, type Command, type RunResult } from '../os/run.js';
import { shellCommand } from '../os/shell.js';
import { reported, type Effort } from './effort.js';
import { classifyInstallFailure, isLockfileRefusal } from './install-failure.js';
import { lastLines } from './last-lines.js';
import {
  chooseManager,
  installCommand,
  lenientNpmCommand,
  type InstallCommand,
  type Manager,
} from './managers.js';
import { allDependencies, type Project } from './project.js';

/** What is installed where. */
export interface InstallRequest {
  readonly project: Project;
  /** `auto`: by lockfile; any other text: that shell command; false: nothing. */
  readonly install: string | false;
  /** With development dependencies: a build needs its tools. */
  readonly dev: boolean;
}

/**
 * Installs a release's dependencies into its tree, exactly as locked, and tells whether there was anything to install.
 * Throws `INSTALL_UNREACHABLE`, `INSTALL_FAILED`, `DISK_FULL`, `COMMAND_MISSING`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function installDependencies(
  request: InstallRequest,
  effort: Effort,
): Promise<'installed' | 'none'> {
  const { project, install, dev } = request;
  if (install === false) return 'none';
  if (install !== 'auto') {
    await installByCommand(request, install, effort);
    return 'installed';
  }
  const manager = chooseManager(project);
  if (manager === null || !hasWork(project, manager)) return 'none';
  if (manager.lockfile === null) {
    effort.report.step('install: warning: no lockfile, so what is installed depends on the day; commit one');
  }
  await installByManager(project, { manager, dev }, effort);
  return 'installed';
}

async function installByManager(
  project: Project,
  { manager, dev }: { manager: Manager; dev: boolean },
  effort: Effort,
): Promise<void> {
  const result = await attempt(project.tree, installCommand(manager, dev), effort);
  if (result.code === 0) return;
  if (manager.name !== 'npm' || !isLockfileRefusal(textOf(result))) throw failed(manager, result);
  effort.report.step(
    'install: npm ci refuses this lockfile as incomplete; npm install --no-save completes it without changing it',
  );
  await rm(join(project.tree, 'node_modules'), { recursive: true, force: true });
  const lenient = await attempt(project.tree, lenientNpmCommand(dev), effort);
  if (lenient.code !== 0) throw failed(manager, lenient);
}

async function installByCommand(
  { project, dev }: InstallRequest,
  text: string,
  effort: Effort,
): Promise<void> {
  effort.report.step(`install: ${text}`);
  // NODE_ENV=production would leave out what the build needs, for each manager that reads it.
  const env = { ...effort.env, CI: 'true', ...(dev ? { NODE_ENV: 'development' } : {}) };
  const result = await run(shellCommand(text, project.tree, env), reported(effort));
  if (result.code !== 0)
    throw failure({ code: classifyInstallFailure(null, textOf(result)), what: text, result });
}

async function attempt(
  tree: string,
  { file, args, env }: InstallCommand,
  effort: Effort,
): Promise<RunResult> {
  const command: Command = { file, args, cwd: tree, env: { ...effort.env, ...env } };
  effort.report.step(`install: ${describeCommand(command)}`);
  try {
    return await run(command, reported(effort));
  } catch (error) {
    if (!isGitOpsError(error, 'COMMAND_MISSING')) throw error;
    throw new GitOpsError('COMMAND_MISSING', `the release is installed by ${file}, which is not in PATH`, {
      cause: error,
      hint: file === 'npm' ? 'install Node.js with npm' : `npm install --global ${file}, or corepack enable`,
    });
  }
}

/** Without a lockfile and without dependencies there is nothing that an install could do. */
function hasWork({ packageJson }: Project, { lockfile }: Manager): boolean {
  if (packageJson === null) return false;
  return lockfile !== null || allDependencies(packageJson).length > 0 || packageJson.workspaces !== undefined;
}

function failed(manager: Manager, result: RunResult): GitOpsError {
  return failure({
    code: classifyInstallFailure(manager.name, textOf(result)),
    what: `install by ${manager.name}`,
    result,
  });
}

function failure({
  code,
  what,
  result,
}: {
  code: 'INSTALL_UNREACHABLE' | 'INSTALL_FAILED' | 'DISK_FULL';
  what: string;
  result: RunResult;
}): GitOpsError {
  const hints = {
    INSTALL_UNREACHABLE: 'the next poll tries again; check the registry, the proxy and the credentials',
    INSTALL_FAILED: 'mend the lockfile or the package and tag again',
    DISK_FULL: 'free some space; the next poll tries again',
  };
  return new GitOpsError(code, `${what} failed: ${lastLines(result)}`, { hint: hints[code] });
}

function textOf({ stdout, stderr }: RunResult): string {
  return `${stdout}\n${stderr}`;
}
