import { rm } from 'node:fs/promises';
import { isGitOpsError } from '../domain/errors.js';
import type { TreeLook } from '../domain/standing.js';
import type { Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { uptimeMs } from '../os/clock.js';
import { openCheckout } from '../os/checkout-git.js';
import { releaseTree } from '../state/layout.js';
import { readCompared, writeCompared } from '../state/store.js';
import { editsOf } from '../workspace/checkout-changes.js';
import { isDirtiedLockfile } from '../workspace/checkout-dirty.js';
import { compareTree, type Compared } from '../workspace/compare-tree.js';
import type { Effort } from '../workspace/effort.js';
import { lookForDrift, type DriftLook } from './look-drift.js';
import type { Root } from './root.js';
import { effortOf, type Workplace } from './workplace.js';

const LIMIT_MS = 120_000;

/** A worker's look: it compares the files of the active release, too, and writes down that it did. */
export async function lookClosely(place: Workplace, upgrade: Upgrade): Promise<DriftLook> {
  const { root, signal } = place;
  return lookForDrift(root, upgrade, { signal, files: (release) => compareAndRecord(place, release) });
}

/** The same for a person who asks: nothing is written, so a release that no worker has compared yet is not compared. */
export async function lookByEye(root: Root, upgrade: Upgrade, signal: AbortSignal): Promise<DriftLook> {
  const report = { step: () => undefined, output: () => undefined };
  const effort = { signal, limitMs: LIMIT_MS, report, env: root.host.env };
  const known = (await readCompared(root.layout))?.commit;
  return lookForDrift(root, upgrade, {
    signal,
    files: async (release) =>
      root.config.strategy === 'checkout'
        ? { lost: [], edited: await editedByPeople(root, effort), own: false }
        : toLook(await compareFiles(root, release, { effort, record: false, known })),
  });
}

/** Where git cannot tell, the dirty gate will say so when it matters. */
async function editedByPeople({ layout }: Root, effort: Effort): Promise<readonly string[]> {
  try {
    const edits = await editsOf(await openCheckout(layout.root, effort));
    return edits.filter((edit) => !isDirtiedLockfile(edit)).map(({ path }) => path);
  } catch (error) {
    if (isGitOpsError(error)) return [];
    throw error;
  }
}

async function compareAndRecord(place: Workplace, release: Release): Promise<TreeLook | null> {
  const { layout, host } = place.root;
  const found = await compareForRepair(place, release);
  if (found !== null) await writeCompared(layout, { at: host.clock.now(), commit: release.commit });
  return toLook(found);
}

/** Compares the files of the active release; null in a checkout, whose files are a person's. */
export async function compareForRepair(place: Workplace, release: Release): Promise<Compared | null> {
  const { layout, host } = place.root;
  const last = await readCompared(layout);
  // What a power loss leaves may be of the right size and hold nothing: after a start of the machine every file is read.
  // So it is on a clock that was set back: a machine that has lost its time begins with a former one.
  const now = host.clock.now();
  const isFresh = last?.commit === release.commit && last.at >= now - uptimeMs() && last.at <= now;
  if (!isFresh) await rm(layout.comparedIndex, { force: true });
  return compareFiles(place.root, release, {
    effort: effortOf(place, LIMIT_MS),
    record: true,
    known: release.commit,
  });
}

async function compareFiles(
  { config, layout }: Root,
  release: Release,
  { effort, record, known }: { effort: Effort; record: boolean; known: string | undefined },
): Promise<Compared | null> {
  if (config.strategy === 'checkout') return null;
  const { mirror, comparedIndex: index } = layout;
  const tree = { mirror, commit: release.commit, tree: releaseTree(layout, release), index };
  // The record of another release says nothing about this one.
  const place = known === release.commit ? tree : { ...tree, index: `${index}.none` };
  return compareTree(place, record, effort);
}

function toLook(found: Compared | null): TreeLook | null {
  return found === null ? null : { lost: found.lost, edited: found.edited, own: true };
}
