import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ok, skipped, type Check } from '../../domain/check.js';
import { judgeBoot } from '../../domain/doctor/boot.js';
import {
  judgeOtherDaemons,
  judgeUser,
  judgeVersions,
  type OtherDaemon,
} from '../../domain/doctor/daemons.js';
import { judgeSavedList, judgeSavedSecrets } from '../../domain/doctor/saved-list.js';
import { isGitOpsError } from '../../domain/errors.js';
import { lookAtBoot } from '../../runtime/boot.js';
import { daemonPid } from '../../runtime/home.js';
import { installedVersion } from '../../runtime/installed.js';
import { livingDaemons, type LivingDaemon } from '../../runtime/living-daemons.js';
import { readSavedList } from '../../runtime/saved-list.js';
import { daemonInfo } from '../../runtime/start.js';
import { rootProcesses, withDaemon } from '../apps.js';
import { zoneOf, type Root } from '../root.js';
import type { Visit } from './visit.js';

// More would be somebody's test bed.
const MOST_DAEMONS = 100;

/** Whether our daemon answers. */
export async function checkDaemon({ root, signal }: Visit): Promise<Check[]> {
  const { version, nodeVersion } = await withDaemon(root, signal, (daemon) => daemonInfo(daemon, signal));
  return [ok('pm2.pm2', `${version} of ${root.host.pm2Home}, on Node.js ${nodeVersion ?? 'unknown'}`)];
}

/** As whom we look. */
export async function checkUser({ root: { layout } }: Visit): Promise<Check[]> {
  const own = process.getuid?.() ?? null;
  return [judgeUser({ own, owner: own === null ? null : (await stat(layout.root)).uid })];
}

/** The pm2 in PATH, against the daemon. */
export async function checkVersions({ root: { host }, pm2 }: Visit): Promise<Check[]> {
  const sight = await pm2();
  return [judgeVersions(await installedVersion(host.env, host.platform), sight?.info.version ?? null)];
}

/** Other daemons that live here, and what of them is the root's. */
export async function checkOtherDaemons({ root, signal }: Visit): Promise<Check[]> {
  const { pm2Home, platform } = root.host;
  const living = await livingDaemons(platform);
  if (living === null) return judgeOtherDaemons(null);
  const own = await daemonPid(pm2Home);
  // A second daemon of one home is one that lost its socket, and lives on with its apps.
  const others = living.filter(({ home, pid }) => resolve(home) !== resolve(pm2Home) || pid !== own);
  const asked = others.slice(0, MOST_DAEMONS).map((each) =>
    // Joined for each: with a listener for each of many, Node.js would warn of a leak.
    askDaemon(root, each, AbortSignal.any([signal])),
  );
  return judgeOtherDaemons(await Promise.all(asked));
}

async function askDaemon(root: Root, living: LivingDaemon, signal: AbortSignal): Promise<OtherDaemon> {
  const host = { ...root.host, pm2Home: living.home };
  // By where they run alone: a name may be anybody's.
  const config = { ...root.config, apps: null };
  try {
    const processes = await rootProcesses({ ...root, host, config }, null, signal);
    return { ...living, apps: [...new Set(processes.map(({ name }) => name))] };
  } catch (error) {
    if (isGitOpsError(error)) return { ...living, apps: null }; // another user's, or it is ending
    throw error;
  }
}

/** What pm2 would start after a reboot, against what it runs. */
export async function checkSavedList({ root, pm2 }: Visit): Promise<Check[]> {
  const list = await readSavedList(root.host.pm2Home);
  const sight = await pm2();
  const secrets = judgeSavedSecrets(list);
  if (sight === null) return [skipped('pm2.saved-list', 'no daemon answers'), secrets];
  const running = {
    all: sight.all.map(({ saved }) => saved),
    ours: sight.ours.map(({ saved }) => saved),
  };
  const when = { now: root.host.clock.now(), zone: zoneOf(root) };
  return [judgeSavedList(list, running, when), secrets];
}

/** Whether pm2 comes back with the machine, and what a restart of its unit would do. */
export async function checkBoot({ root: { host } }: Visit): Promise<Check[]> {
  const boot = await lookAtBoot(host.platform);
  return judgeBoot(boot, { home: host.pm2Home, user: host.env['USER'] ?? host.env['LOGNAME'] ?? '' });
}
