import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ok, problem, skipped, type Check } from '../../domain/check.js';
import { judgeClock, judgeDisk, judgeGit, judgeNode } from '../../domain/doctor/machine.js';
import { addSpace, type Space } from '../../domain/disk.js';
import { isGitOpsError, messageOf } from '../../domain/errors.js';
import type { Instant } from '../../domain/release.js';
import { runGit } from '../../os/git.js';
import { run } from '../../os/run.js';
import { serverTime } from '../../source/server-clock.js';
import { locksSupported } from '../../state/lock.js';
import { releaseTree } from '../../state/layout.js';
import { readObserved } from '../../state/observed-store.js';
import { listRuns } from '../../state/runs.js';
import { readLive } from '../../workspace/kept-record.js';
import { readMark } from '../../workspace/mark.js';
import { knownUpgrade } from '../known-upgrade.js';
import { diskOf } from '../room.js';
import type { Root } from '../root.js';
import type { Visit } from './visit.js';

const ASK_LIMIT_MS = 10_000;

/** The Node.js that we run on. */
export function checkNode(): Promise<Check[]> {
  return Promise.resolve([judgeNode(process.versions.node)]);
}

/** The git in PATH. */
export async function checkGit({ root: { layout, host }, signal }: Visit): Promise<Check[]> {
  try {
    const place = { cwd: layout.root, env: host.env };
    const { stdout } = await runGit(['--version'], place, { signal, limitMs: ASK_LIMIT_MS });
    return [judgeGit(stdout)];
  } catch (error) {
    const mend = 'install git, and make sure that it is in PATH of the process that polls';
    return [problem('machine.git', messageOf(error), mend)];
  }
}

/** Whether the kernel holds locks for us. */
export async function checkLocks(): Promise<Check[]> {
  const here = `${process.platform}-${process.arch}`;
  if (await locksSupported()) return [ok('machine.locks', `kernel-held file locks on ${here}`)];
  return [
    problem(
      'machine.locks',
      `no kernel-held file locks on ${here}`,
      'use a 64-bit Node.js with glibc: musl and 32-bit ARM have no prebuilt binary',
    ),
  ];
}

/** Without `ps`, pm2's restart cannot find a process's children and starts the app twice. */
export async function checkPs({ root: { host } }: Visit): Promise<Check[]> {
  if (host.platform === 'win32') return [skipped('machine.ps', 'Windows needs none')];
  for (const folder of (host.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(folder, 'ps'), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return [ok('machine.ps', join(folder, 'ps'))];
  }
  const detail = 'there is no ps in PATH: a restart by pm2 starts apps twice';
  return [problem('machine.ps', detail, 'install procps')];
}

/** The disk of the root, against what the active release takes. */
export async function checkDisk({ root }: Visit): Promise<Check[]> {
  return [judgeDisk(diskOf(root), await sizeOfActive(root))];
}

async function sizeOfActive(root: Root): Promise<Space | null> {
  const { layout, config } = root;
  const { active } = await knownUpgrade(root);
  if (active === null) return null;
  const known =
    config.strategy === 'checkout'
      ? await readLive(layout.state)
      : await readMark(releaseTree(layout, active.release));
  return known?.size === undefined ? null : addSpace(known.size.rest, known.size.modules);
}

/** The clock, against the source's, our records and the system's word. */
export async function checkClock(visit: Visit): Promise<Check[]> {
  const { root, signal } = visit;
  const newest = await newestOf(root);
  const [server, kept] = await Promise.all([serverTime(root.config.repository, signal), isKept(visit)]);
  return [judgeClock({ now: root.host.clock.now(), server, newest, kept })];
}

async function newestOf({ layout }: Root): Promise<Instant | null> {
  const [run] = await listRuns(layout, 1);
  const moments = [(await readObserved(layout))?.at, run?.startedAt, run?.endedAt].filter((at) => at != null);
  return moments.length === 0 ? null : Math.max(...moments);
}

/** What systemd says; null where it says nothing. */
async function isKept({ root: { host, layout }, signal }: Visit): Promise<boolean | null> {
  if (host.platform !== 'linux') return null;
  const args = ['show', '--property=NTPSynchronized', '--value'];
  const command = { file: 'timedatectl', args, cwd: layout.root, env: host.env };
  try {
    const { stdout } = await run(command, { signal, limitMs: ASK_LIMIT_MS });
    return stdout.trim() === 'yes' ? true : stdout.trim() === 'no' ? false : null;
  } catch (error) {
    if (isGitOpsError(error)) return null;
    throw error;
  }
}
