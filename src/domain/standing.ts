import type { Drift } from './drift.js';
import type { AppProcess } from './process.js';
import { NO_COMMIT, releaseFolder, type Commit, type Instant } from './release.js';
import { commitOf } from './status.js';
import type { Active, Step } from './upgrade.js';

const DAY_MS = 86_400_000;

/** What a look at the root found. */
export interface Standing {
  readonly active: Active;
  /** What the root names, if that is not the active release. */
  readonly moved: Extract<Drift, { kind: 'pointer' | 'head' }> | null;
  readonly processes: readonly StandingProcess[];
  /** Which commit the root named since when; people's own moves included. */
  readonly trail: readonly Step[];
  /** Null: nobody looked, or nobody can tell. */
  readonly files: TreeLook | null;
}

/** A process, and what else tells which release it runs. */
export interface StandingProcess extends AppProcess {
  /** The release folder in which it really stands; null where the system does not tell. */
  readonly folder: string | null;
  readonly held: boolean;
}

/** How the files of a release differ from what was staged. */
export interface TreeLook {
  readonly lost: readonly string[];
  readonly edited: readonly string[];
  readonly own: boolean;
}

/** What is not as the agent left it. */
export function driftOf({ active, moved, processes, trail, files }: Standing): Drift[] {
  const found: Drift[] = moved === null ? [] : [moved];
  for (const process of processes) {
    const runs = strayCommit(process, active, trail);
    if (runs === 'active') continue;
    found.push({ kind: 'process', pmId: process.pmId, name: process.name, held: process.held, ...runs });
  }
  if (files !== null && files.lost.length > 0) found.push({ kind: 'files', paths: files.lost });
  if (files !== null && files.edited.length > 0)
    found.push({ kind: 'edits', paths: files.edited, own: files.own });
  return found;
}

const SAME_MOVE_MS = 60_000;

/** The steps of a reflog that are not ours. Ours are exact to the millisecond, a reflog's to the second; each of ours accounts for one of them. */
export function foreignSteps(reflog: readonly Step[], own: readonly Step[]): Step[] {
  const foreign = [...reflog];
  for (const { commit, at } of own) {
    const distance = (step: Step): number =>
      step.commit === commit ? Math.abs(step.at - at) : Number.POSITIVE_INFINITY;
    const nearest = Math.min(...foreign.map(distance));
    if (nearest < SAME_MOVE_MS)
      foreign.splice(
        foreign.findIndex((step) => distance(step) === nearest),
        1,
      );
  }
  return foreign;
}

/** Whether files are to be compared again: never compared, a day ago, after a start of the machine, or on a clock that was set back. */
export function isLookDue(
  last: Instant | null,
  { now, bootedAt }: { readonly now: Instant; readonly bootedAt: Instant },
): boolean {
  return last === null || last < bootedAt || last > now || now - last >= DAY_MS;
}

/** What a process runs instead of the active release. */
function strayCommit(
  process: StandingProcess,
  active: Active,
  trail: readonly Step[],
): 'active' | { readonly commit: Commit | null } {
  const { pid, folder, startedAt } = process;
  if (pid === null) return 'active';
  if (folder !== null) {
    if (folder === releaseFolder(active.release)) return 'active';
    const end = folder.slice(-7);
    return { commit: trail.findLast(({ commit }) => commit.startsWith(end))?.commit ?? null };
  }
  // Whatever lived when the release became active was proven then. Clocks that were set back since say nothing.
  if (startedAt <= active.since) return 'active';
  const commit = commitOf(process, trail);
  if (commit === null || commit === active.release.commit) return 'active';
  return { commit: commit === NO_COMMIT ? null : commit };
}
