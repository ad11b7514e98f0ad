import { join } from 'node:path';
import { releaseFolder, type Release } from '../domain/release.js';

/** Where everything of a root lies. */
export interface Layout {
  readonly root: string;
  readonly config: string;
  /** Strategy `releases`: the folder of all releases, and the link to the one that serves. */
  readonly releases: string;
  readonly current: string;
  readonly state: string;
  readonly machine: string;
  readonly orders: string;
  /** What changes with each look at the source, and apart from it all the refs that it has. */
  readonly observed: string;
  readonly refs: string;
  /** The fleet's policy as it was read last, and when releases were made that were there before the first look. */
  readonly policy: string;
  readonly dates: string;
  /** What was found of signatures. */
  readonly trust: string;
  /** What was read of the forge. */
  readonly forge: string;
  /** Which deployment it was told of last. */
  readonly deployment: string;
  readonly journal: string;
  readonly upgradeLock: string;
  readonly pollLock: string;
  readonly children: string;
  /** What the run under way changes about the apps in pm2. */
  readonly apps: string;
  /** What lived below the root's processes before they were last restarted. */
  readonly offspring: string;
  /** Room for what must be written on a full disk. */
  readonly reserve: string;
  readonly mirror: string;
  readonly runs: string;
  /** When the files of the active release were last compared, and git's record of what they were then. */
  readonly compared: string;
  readonly comparedIndex: string;
  /** What was told of this machine, and what is still to be sent. */
  readonly notices: string;
  readonly courierLock: string;
  /** What is about to go. It is there while a worker is, or one was killed: then it is still to be tidied up. */
  readonly trash: string;
}

/** The one file that makes a folder a root. */
export const CONFIG_FILE = 'gitops.json';

/** The layout of the root at `root`, an absolute path. */
export function layoutOf(root: string): Layout {
  const state = join(root, '.pm2-gitops');
  return {
    root,
    config: join(root, CONFIG_FILE),
    releases: join(root, 'releases'),
    current: join(root, 'current'),
    state,
    machine: join(state, 'machine.json'),
    orders: join(state, 'orders.json'),
    observed: join(state, 'observed.json'),
    refs: join(state, 'refs.json'),
    policy: join(state, 'policy.json'),
    dates: join(state, 'dates.json'),
    trust: join(state, 'trust.json'),
    forge: join(state, 'forge.json'),
    deployment: join(state, 'deployment.json'),
    journal: join(state, 'journal.jsonl'),
    upgradeLock: join(state, 'upgrade.lock'),
    pollLock: join(state, 'poll.lock'),
    children: join(state, 'children.json'),
    apps: join(state, 'apps.json'),
    offspring: join(state, 'offspring.json'),
    reserve: join(state, 'reserve'),
    mirror: join(state, 'mirror.git'),
    runs: join(state, 'runs'),
    compared: join(state, 'compared.json'),
    comparedIndex: join(state, 'compared.index'),
    notices: join(state, 'notices.json'),
    courierLock: join(state, 'courier.lock'),
    trash: join(state, 'trash'),
  };
}

/** Strategy `releases`: where a release lies once it is complete. */
export function releaseTree({ releases }: Layout, release: Release): string {
  return join(releases, releaseFolder(release));
}
