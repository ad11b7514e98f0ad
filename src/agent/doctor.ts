import { access, constants, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import satisfies from 'semver/functions/satisfies.js';
import { ok, problem, warning, type Check } from '../domain/check.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import { runGit } from '../os/git.js';
import { connectDaemon } from '../runtime/rpc.js';
import { daemonInfo } from '../runtime/start.js';
import { locksSupported } from '../state/lock.js';
import { checkApps, checkChildren, checkDrift } from './doctor-apps.js';
import { checkGithub } from './doctor-github.js';
import { checkPrivacy } from './doctor-privacy.js';
import { checkRecords } from './doctor-records.js';
import { checkSource } from './doctor-source.js';
import { checkTrust } from './doctor-trust.js';
import type { Root } from './root.js';

const NODE_RANGE = '>=20.19';
const OLDEST_GIT = [2, 28];
const LITTLE_BYTES = 2 * 1024 ** 3;
const TOO_LITTLE_BYTES = 300 * 1024 ** 2;

/** Checks the whole machine, each thing on its own; none keeps another from being told. */
export async function examine(root: Root, signal: AbortSignal): Promise<Check[]> {
  const checks = [
    checkNode,
    checkGit,
    checkLocks,
    checkPs,
    checkDisk,
    checkRecords,
    checkPrivacy,
    checkTrust,
    checkSource,
    checkGithub,
    checkDaemon,
    checkApps,
    checkDrift,
    checkChildren,
  ];
  const found = await Promise.all(checks.map((check) => orRefusal(() => check(root, signal))));
  return found.flat();
}

/** What a check cannot look at is told by it all the same. */
async function orRefusal(check: () => Promise<Check | Check[]>): Promise<Check | Check[]> {
  try {
    return await check();
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return problem(
      error.code.toLowerCase().replaceAll('_', ' '),
      error.message,
      error.hint ?? 'see the message',
    );
  }
}

function checkNode(): Promise<Check> {
  const version = process.versions.node;
  const fits = satisfies(version, NODE_RANGE);
  return Promise.resolve(
    fits
      ? ok('node', version)
      : problem('node', `${version} is older than ${NODE_RANGE}`, 'install Node.js 20.19 or newer'),
  );
}

async function checkGit({ layout, host }: Root, signal: AbortSignal): Promise<Check> {
  try {
    const { stdout } = await runGit(
      ['--version'],
      { cwd: layout.root, env: host.env },
      { signal, limitMs: 10_000 },
    );
    const version = /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? '0.0';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const [oldMajor = 0, oldMinor = 0] = OLDEST_GIT;
    const fits = major > oldMajor || (major === oldMajor && minor >= oldMinor);
    return fits
      ? ok('git', version)
      : problem('git', `${version} is older than ${OLDEST_GIT.join('.')}`, 'update git');
  } catch (error) {
    return problem(
      'git',
      messageOf(error),
      'install git, and make sure that it is in PATH of the process that polls',
    );
  }
}

async function checkLocks(): Promise<Check> {
  const here = `${process.platform}-${process.arch}`;
  if (await locksSupported()) return ok('locks', `kernel-held file locks on ${here}`);
  return problem(
    'locks',
    `no kernel-held file locks on ${here}`,
    'use a 64-bit Node.js with glibc: musl and 32-bit ARM have no prebuilt binary',
  );
}

// Without `ps`, pm2's restart cannot find a process's children and starts the app twice.
async function checkPs({ host }: Root): Promise<Check[]> {
  if (host.platform === 'win32') return [];
  for (const folder of (host.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(folder, 'ps'), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return [ok('ps', join(folder, 'ps'))];
  }
  return [problem('ps', 'there is no ps in PATH: a restart by pm2 starts apps twice', 'install procps')];
}

async function checkDisk({ layout }: Root): Promise<Check> {
  const { bavail, bsize } = await statfs(layout.root);
  const free = bavail * bsize;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${layout.root}`;
  if (free < TOO_LITTLE_BYTES)
    return problem('disk', detail, 'free some space: a release is staged beside the running one');
  return free < LITTLE_BYTES
    ? warning('disk', detail, 'free some space, or lower "keep" in gitops.json')
    : ok('disk', detail);
}

async function checkDaemon({ host }: Root, signal: AbortSignal): Promise<Check> {
  try {
    const daemon = await connectDaemon({ home: host.pm2Home, platform: host.platform }, signal);
    const { version, nodeVersion } = await daemonInfo(daemon, signal).finally(() => {
      daemon.close();
    });
    return ok('pm2', `${version} of ${host.pm2Home}, on Node.js ${nodeVersion ?? 'unknown'}`);
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return problem('pm2', error.message, error.hint ?? 'see whether `pm2 ls` answers');
  }
}
