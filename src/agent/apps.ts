import { dirname, join } from 'node:path';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { entryAt, realPathOf } from '../os/file-at.js';
import { connectDaemon, type Daemon } from '../runtime/rpc.js';
import { isWithin, listProcesses, selectProcesses, type ListedProcess } from '../runtime/processes.js';
import { CONFIG_FILE } from '../state/layout.js';
import type { Root } from './root.js';

/** Which of a daemon's processes belong to a root, asked anew each time: apps come and go. */
export type Targets = (all: readonly ListedProcess[]) => ListedProcess[];

/** Does something with the pm2 daemon of this user; the connection is closed afterwards. Never starts a daemon. */
export async function withDaemon<T>(
  { host }: Root,
  signal: AbortSignal,
  work: (daemon: Daemon) => Promise<T>,
): Promise<T> {
  const daemon = await connectDaemon({ home: host.pm2Home, platform: host.platform }, signal);
  try {
    return await work(daemon);
  } finally {
    daemon.close();
  }
}

/** Whether pm2 does not answer: that says nothing about a release, and passes. */
export function isDaemonLost(error: unknown): error is GitOpsError {
  return isGitOpsError(error, 'DAEMON_ABSENT', 'DAEMON_SILENT', 'DAEMON_FOREIGN');
}

/** The root's processes, as pm2 lists them now. `named`: apps that the release names; the machine's own names come first. */
export async function rootProcesses(
  root: Root,
  named: readonly string[] | null,
  signal: AbortSignal,
): Promise<ListedProcess[]> {
  return withDaemon(root, signal, async (daemon) => {
    const all = await listProcesses(daemon, signal);
    return findTargets(root, named, all)(all);
  });
}

/** With leave to start a pm2 daemon, its absence means that nothing runs yet. */
export function noneYet({ startPm2 }: { readonly startPm2: boolean }): (error: unknown) => never[] {
  return (error) => {
    if (startPm2 && isGitOpsError(error, 'DAEMON_ABSENT')) return [];
    throw error;
  };
}

/** How to find the root's processes in a list. */
export function findTargets(
  root: Root,
  named: readonly string[] | null,
  all: readonly ListedProcess[],
): Targets {
  const { config, layout, host } = root;
  const roots = [layout.root, realPathOf(layout.root) ?? layout.root];
  const nested = rootsBelow(root, all);
  return (list) =>
    selectProcesses(list, { roots, apps: config.apps ?? named, nested, platform: host.platform });
}

/** Refuses apps that pm2 would start from their old release for ever, because it recorded a path below `releases/` when they were first started. */
export function refusePinnedApps(root: Root, processes: readonly ListedProcess[]): void {
  if (root.config.strategy !== 'releases') return;
  const pinned = processes.filter((process) => followsNothing(root, process)).map(({ name }) => name);
  if (pinned.length === 0) return;
  const names = [...new Set(pinned)].join(', ');
  throw new GitOpsError(
    'APPS_PINNED',
    `pm2 holds ${names} on one release folder: a restart would never change its code`,
    {
      hint: `pm2 delete ${[...new Set(pinned)].join(' ')} && pm2-gitops apply starts them so that they follow ${root.layout.current}`,
    },
  );
}

/** Whether pm2's record of a process names a release folder instead of `current`. */
export function followsNothing({ layout, host }: Root, { cwd, script }: ListedProcess): boolean {
  return [cwd, script].some((path) => isWithin(path, layout.releases, host.platform));
}

/** Other roots below this one that own some process's folder. A release may carry a gitops.json of its own: that makes no root. */
function rootsBelow(
  { layout: { root, releases, current }, host: { platform } }: Root,
  all: readonly ListedProcess[],
): string[] {
  const found = new Set<string>();
  for (const { cwd } of all) {
    if (
      !isWithin(cwd, root, platform) ||
      [releases, current].some((folder) => isWithin(cwd, folder, platform))
    )
      continue;
    for (let folder = cwd; folder !== root && isWithin(folder, root, platform); folder = dirname(folder)) {
      if (isRoot(folder)) found.add(folder);
    }
  }
  return [...found];
}

/** What we may not look into is no root of ours. */
function isRoot(folder: string): boolean {
  try {
    return entryAt(join(folder, CONFIG_FILE)) !== null;
  } catch {
    return false;
  }
}
