import { join } from 'node:path';

/** Where everything of a root lies. */
export interface Layout {
  readonly root: string;
  readonly config: string;
  readonly state: string;
  readonly machine: string;
  readonly orders: string;
  readonly observed: string;
  readonly journal: string;
  readonly upgradeLock: string;
  readonly pollLock: string;
  readonly children: string;
  readonly mirror: string;
  readonly runs: string;
}

/** The one file that makes a folder a root. */
export const CONFIG_FILE = 'gitops.json';

/** The layout of the root at `root`, an absolute path. */
export function layoutOf(root: string): Layout {
  const state = join(root, '.pm2-gitops');
  return {
    root,
    config: join(root, CONFIG_FILE),
    state,
    machine: join(state, 'machine.json'),
    orders: join(state, 'orders.json'),
    observed: join(state, 'observed.json'),
    journal: join(state, 'journal.jsonl'),
    upgradeLock: join(state, 'upgrade.lock'),
    pollLock: join(state, 'poll.lock'),
    children: join(state, 'children.json'),
    mirror: join(state, 'mirror.git'),
    runs: join(state, 'runs'),
  };
}
