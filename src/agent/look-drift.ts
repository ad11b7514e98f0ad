import { basename, join, relative, sep } from 'node:path';
import { WHOLE, type Drift } from '../domain/drift.js';
import {
  driftOf,
  foreignSteps,
  type Standing,
  type StandingProcess,
  type TreeLook,
} from '../domain/standing.js';
import { isGitOpsError, type GitOpsError } from '../domain/errors.js';
import { NO_COMMIT, releaseFolder, type Release } from '../domain/release.js';
import type { Active, Step, Upgrade } from '../domain/upgrade.js';
import { entryAt, realPathOf } from '../os/file-at.js';
import { workingFolderOf } from '../os/proc-linux.js';
import { isWithin, type ListedProcess } from '../runtime/processes.js';
import { releaseTree } from '../state/layout.js';
import { lookAtHead } from '../workspace/head.js';
import { MARK_NAME } from '../workspace/mark.js';
import { lookAtPointer } from '../workspace/pointer.js';
import { followsNothing, rootProcesses } from './apps.js';
import type { Root } from './root.js';

/** What a look found. */
export interface DriftLook {
  readonly drift: readonly Drift[];
  readonly processes: readonly StandingProcess[];
  readonly trail: readonly Step[];
  /** What the root named meanwhile by somebody else's hand. */
  readonly strays: readonly Step[];
  /** Why pm2 did not tell its processes, or null. */
  readonly silence: GitOpsError | null;
}

/** Compares the files of the active release; null: nobody can tell. */
export type LookAtFiles = (release: Release) => Promise<TreeLook | null>;

/**
 * Looks at what the root names, what its processes run, and, by `files`, what lies in the active release: some questions to the
 * file system, one to pm2, and in a checkout a short one to git. Loads no library.
 */
export async function lookForDrift(
  root: Root,
  upgrade: Upgrade,
  {
    signal,
    files = (release) => Promise.resolve(lookAtMark(root, release)),
  }: { signal: AbortSignal; files?: LookAtFiles },
): Promise<DriftLook> {
  const { active } = upgrade;
  const named = active === null ? NOWHERE : await lookAtNamed(root, active.release, { upgrade, signal });
  const trail = [...upgrade.trail, ...named.steps].sort((a, b) => a.at - b.at);
  const { processes, silence } = await listStanding(root, upgrade, signal);
  const common = { processes, trail, strays: named.steps, silence };
  if (active === null || !isSettled(upgrade, active)) return { ...common, drift: [] };
  const standing: Standing = {
    active,
    moved: named.moved,
    processes,
    trail,
    files: await files(active.release),
  };
  return { ...common, drift: driftOf(standing) };
}

/** In the middle of a run, or where `rollback: never` left another release, nothing is as an active release should be. */
function isSettled({ phase, trail }: Upgrade, { release }: Active): boolean {
  const named = trail.at(-1)?.commit ?? release.commit;
  return named === release.commit && ['idle', 'staged', 'repairing'].includes(phase.at);
}

interface Named {
  readonly moved: Standing['moved'];
  readonly steps: readonly Step[];
}

const NOWHERE: Named = { moved: null, steps: [] };

function lookAtNamed(
  root: Root,
  release: Release,
  about: { upgrade: Upgrade; signal: AbortSignal },
): Promise<Named> {
  return root.config.strategy === 'releases'
    ? lookAtCurrent(root, release, about.upgrade)
    : lookAtCheckout(root, release, about);
}

async function lookAtCurrent({ layout }: Root, release: Release, { trail }: Upgrade): Promise<Named> {
  const { folder, what, since } = await lookAtPointer(layout.root);
  if (folder === releaseFolder(release)) return NOWHERE;
  const known = trail.findLast((step) => folder?.endsWith(`-${step.commit.slice(0, 7)}`));
  const steps = since === null ? [] : [{ commit: known?.commit ?? NO_COMMIT, at: since }];
  return { moved: { kind: 'pointer', found: what }, steps };
}

async function lookAtCheckout(
  { layout, host }: Root,
  release: Release,
  { upgrade, signal }: { upgrade: Upgrade; signal: AbortSignal },
): Promise<Named> {
  const head = await lookAtHead(layout.root, { env: host.env, signal, background: host.background });
  if (head === null) return NOWHERE;
  const steps = foreignSteps(head.steps, upgrade.trail, host.clock.now());
  return { moved: head.commit === release.commit ? null : { kind: 'head', found: head.commit }, steps };
}

async function listStanding(
  root: Root,
  { active }: Upgrade,
  signal: AbortSignal,
): Promise<Pick<DriftLook, 'processes' | 'silence'>> {
  try {
    const found = await rootProcesses(root, active?.apps ?? null, signal);
    return { processes: standingIn(root, found), silence: null };
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return { processes: [], silence: error };
  }
}

function standingIn(root: Root, found: readonly ListedProcess[]): StandingProcess[] {
  if (root.config.strategy === 'checkout')
    return found.map((process) => ({ ...process, folder: null, held: false }));
  const { releases } = root.layout;
  const real = realPathOf(releases) ?? releases;
  return found.map((process) => standingOf(root, process, real));
}

/** On Linux the system tells where a process really stands, though it went there by way of `current`. */
function standingOf(root: Root, process: ListedProcess, releases: string): StandingProcess {
  const held = followsNothing(root, process);
  const real = process.pid === null ? null : workingFolderOf(process.pid);
  if (real === null || !isWithin(real, releases, root.host.platform))
    return { ...process, folder: null, held };
  const [folder = basename(real)] = relative(releases, real).split(sep);
  return { ...process, cwd: join(releases, folder), folder, held };
}

/** The least look: whether the active release is there at all. */
function lookAtMark({ config, layout }: Root, release: Release): TreeLook | null {
  if (config.strategy === 'checkout') return null;
  const isThere = entryAt(join(releaseTree(layout, release), MARK_NAME)) !== null;
  return isThere ? null : { lost: [WHOLE], edited: [], own: true };
}
