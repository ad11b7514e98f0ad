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

/**
 * The steps of a reflog that are not ours, in the order in which they came. Ours are exact to the millisecond, a reflog's to the second; each of ours
 * accounts for one of them. Where the clock was set back since, ours were put earlier (`next`), and a reflog's lie after those that followed them, or after `now`.
 */
export function foreignSteps(reflog: readonly Step[], own: readonly Step[], now: Instant): Step[] {
  const ordered = inOrder(reflog);
  const ours = new Set<number>();
  const unknown = own.filter((step) => !claim(ours, nearestTo(step, reflog, ours)));
  const isAhead = ({ at }: Step, index: number): boolean => at > Math.min(now, ordered[index]?.at ?? at);
  for (const { commit } of unknown)
    claim(
      ours,
      reflog.findIndex((step, index) => step.commit === commit && isAhead(step, index) && !ours.has(index)),
    );
  return ordered.filter((_, index) => !ours.has(index));
}

/** No step comes after those that followed it. */
function inOrder(steps: readonly Step[]): Step[] {
  let latest = Number.POSITIVE_INFINITY;
  const backwards = [...steps].reverse().map(({ commit, at }) => {
    latest = Math.min(latest, at);
    return { commit, at: latest };
  });
  return backwards.reverse();
}

/** Where the same move lies in the reflog, by its time; -1 where it does not. */
function nearestTo({ commit, at }: Step, reflog: readonly Step[], taken: ReadonlySet<number>): number {
  let [found, distance] = [-1, SAME_MOVE_MS];
  for (const [index, step] of reflog.entries()) {
    const between = Math.abs(step.at - at);
    if (step.commit === commit && between < distance && !taken.has(index))
      [found, distance] = [index, between];
  }
  return found;
}

function claim(ours: Set<number>, index: number): boolean {
  if (index !== -1) ours.add(index);
  return index !== -1;
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
