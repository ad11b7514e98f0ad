import { join } from 'node:path';
import { releaseFolder, sameRelease, type Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { GitOpsError } from '../domain/errors.js';
import { readMark } from '../workspace/mark.js';
import { checkDirty, keptFor, moveBack, moveCheckout, readLive } from '../workspace/switch-checkout.js';
import { pointTo, unpoint } from '../workspace/switch-releases.js';
import { effortOf, type Workplace } from './workplace.js';

/** How a root's files change over, for the strategy that it has. Every method can be done again after a kill. */
export interface Switching {
  /** Where the apps see the release that the root names. */
  readonly live: string;
  /** Whether the way to a release is complete on disk, so that there is nothing to stage. */
  isAtHand(upgrade: Upgrade, release: Release): Promise<boolean>;
  /** Where a staged release lies until then; null where it is at hand without a tree of its own. */
  stagedTree(upgrade: Upgrade, release: Release, run: string): Promise<string | null>;
  /** Files of people that stand in the way of a release. */
  obstacles(upgrade: Upgrade, release: Release): Promise<readonly string[]>;
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
  const treeOf = (release: Release): string => join(layout.root, 'releases', releaseFolder(release));
  return {
    live: join(layout.root, 'current'),
    // Staging itself finds a complete folder.
    isAtHand: () => Promise.resolve(false),
    stagedTree: (_upgrade, release) => Promise.resolve(treeOf(release)),
    obstacles: () => Promise.resolve([]),
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
  const treeOf = (run: string): string => join(layout.state, 'stage', run, 'tree');
  const isAtHand = async ({ previous }: Upgrade, release: Release): Promise<boolean> =>
    sameRelease(previous, release) && keptFor(layout.state, release.commit);
  return {
    live: layout.root,
    isAtHand,
    stagedTree: async (upgrade, release, run) => ((await isAtHand(upgrade, release)) ? null : treeOf(run)),
    obstacles: (upgrade, release) =>
      checkDirty({ ...common, mirror: layout.mirror, from: activeOf(upgrade), to: release }, effort),
    async activate(upgrade, release, run) {
      const from = activeOf(upgrade);
      if ((await readLive(layout.state))?.commit === release.commit) return;
      if (await isAtHand(upgrade, release)) {
        await moveBack({ ...common, from, to: release, runId: run }, effort);
        return;
      }
      const { made, depsKey } = await requireComplete(treeOf(run), release);
      const modules = made.includes('node_modules') ? 'installed' : 'kept';
      const staged = { tree: treeOf(run), made, depsKey, modules } as const;
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
