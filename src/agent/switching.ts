import { join } from 'node:path';
import { releaseFolder, type Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import type { Space } from '../domain/disk.js';
import { GitOpsError } from '../domain/errors.js';
import { releaseTree } from '../state/layout.js';
import { readMark } from '../workspace/mark.js';
import { moveTakes } from '../workspace/move-space.js';
import { stageFolder } from '../workspace/stage.js';
import { checkDirty, moveBack, moveCheckout, prepareMove, readLive } from '../workspace/switch-checkout.js';
import { pointTo, unpoint } from '../workspace/switch-releases.js';
import { effortOf, type Workplace } from './workplace.js';

/** How a root's files change over, for the strategy that it has. Every method can be done again after a kill. */
export interface Switching {
  /** Where the apps see the release that the root names. */
  readonly live: string;
  /** Where a staged release lies until then. */
  stagedTree(release: Release, run: string): string;
  /** Files of people that stand in the way of a release. */
  obstacles(upgrade: Upgrade, release: Release): Promise<readonly string[]>;
  /** Has ready what activating and the way back need, so that neither fails half way. Touches nothing that anybody sees. */
  prepare(upgrade: Upgrade, release: Release, run: string): Promise<void>;
  /** What the switch itself writes. */
  takes(upgrade: Upgrade, release: Release, run: string): Promise<Space>;
  /** Makes the root name the staged release. */
  activate(upgrade: Upgrade, release: Release, run: string): Promise<void>;
  /** Makes the root name the active release again; without one, nothing. */
  goBack(upgrade: Upgrade, failed: Release, run: string): Promise<void>;
}

/** The switching of a root. */
export function switchingOf(place: Workplace): Switching {
  return place.root.config.strategy === 'releases' ? releasesSwitching(place) : checkoutSwitching(place);
}

const MOVE_LIMIT_MS = 600_000;

function releasesSwitching({ root: { layout } }: Workplace): Switching {
  const treeOf = (release: Release): string => releaseTree(layout, release);
  return {
    live: layout.current,
    stagedTree: treeOf,
    obstacles: () => Promise.resolve([]),
    prepare: () => Promise.resolve(),
    takes: () => Promise.resolve({ bytes: 0, files: 1 }),
    async activate(_upgrade, release) {
      await requireComplete(treeOf(release), release);
      await pointTo(layout.root, releaseFolder(release));
    },
    async goBack({ active }) {
      if (active === null) await unpoint(layout.root);
      else await pointTo(layout.root, releaseFolder(active.release));
    },
  };
}

function checkoutSwitching(place: Workplace): Switching {
  const { layout, config } = place.root;
  const common = { root: layout.root, state: layout.state };
  const effort = effortOf(place, MOVE_LIMIT_MS);
  const stagedTree = (_release: Release, run: string): string => join(stageFolder(layout.state, run), 'tree');
  return {
    live: layout.root,
    stagedTree,
    obstacles: (upgrade, release) =>
      checkDirty({ ...common, mirror: layout.mirror, from: activeOf(upgrade), to: release }, effort),
    prepare: (upgrade, release, run) =>
      prepareMove(
        { ...common, mirror: layout.mirror, from: activeOf(upgrade), to: release, runId: run },
        effort,
      ),
    takes: (upgrade, to, run) =>
      moveTakes(
        { root: layout.root, mirror: layout.mirror, from: activeOf(upgrade), to, tree: stagedTree(to, run) },
        effort,
      ),
    async activate(upgrade, release, run) {
      const from = activeOf(upgrade);
      if ((await readLive(layout.state))?.commit === release.commit) return;
      const tree = stagedTree(release, run);
      const { made, depsKey, size } = await requireComplete(tree, release);
      const modules = made.includes('node_modules') ? 'installed' : 'kept';
      const staged = { tree, made, depsKey, modules, size } as const;
      await moveCheckout(
        { ...common, mirror: layout.mirror, from, to: release, staged, dirty: config.dirty, runId: run },
        effort,
      );
    },
    async goBack(upgrade, failed, run) {
      await moveBack({ ...common, from: failed, to: activeOf(upgrade), runId: run }, effort);
    },
  };
}

async function requireComplete(tree: string, release: Release) {
  const mark = await readMark(tree);
  if (mark?.commit === release.commit) return mark;
  throw new GitOpsError('STATE_CORRUPT', `${tree} is not the complete release ${release.tag}`, {
    hint: 'the next run stages it anew',
  });
}

/** An adopted checkout always has an active release: the commit that it was adopted at. */
function activeOf({ active }: Upgrade): Release {
  if (active === null) throw new Error('a checkout without an adopted commit');
  return active.release;
}
