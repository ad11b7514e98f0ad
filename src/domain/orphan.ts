import type { AppProcess } from './process.js';
import type { Instant } from './release.js';

/** A process of the system: pid and kernel start time together name one for ever. */
export interface SystemProcess {
  readonly pid: number;
  readonly parent: number;
  readonly born: string;
  /** When it began, on the wall clock. */
  readonly since: Instant;
  readonly command: string;
  /** Whether somebody may sit before it. */
  readonly hasTerminal: boolean;
  /** What pm2 wrote into the environment of an app, which the app's children inherit; null where there is nothing. */
  readonly mark: Mark | null;
}

/** The life of an app from which a process comes: pm2's id and start time. */
interface Origin {
  readonly pmId: number;
  readonly startedAt: Instant;
  readonly name: string;
}

/** The same, and what tells whose app it is. */
export interface Mark extends Origin {
  readonly cwd: string;
  readonly script: string;
  readonly isModule: boolean;
  /** The PM2_HOME of its pm2, where that is told. */
  readonly home: string | null;
}

/** A process that is known to come from an incarnation, though its environment may not tell. */
export interface Offspring {
  readonly pid: number;
  readonly born: string;
  readonly of: Origin;
}

/** What an app started and left behind: the process, and all below it. */
export interface Orphan extends Offspring {
  readonly since: Instant;
  readonly command: string;
  readonly tree: readonly Pick<SystemProcess, 'pid' | 'born'>[];
  /** Somebody may sit before one of them. */
  readonly attended: boolean;
}

/** What there is to go by. */
export interface Household {
  readonly processes: readonly SystemProcess[];
  /** All that pm2 lists, other roots' apps included. */
  readonly listed: readonly AppProcess[];
  /** The pid of pm2's daemon. */
  readonly daemon: number | null;
  /** Noted before their parent was restarted. */
  readonly noted: readonly Offspring[];
  readonly isOurs: (mark: Mark) => boolean;
}

/** What incarnations of the root's apps left behind: they are gone, it lives, and neither pm2 nor a living app has it below itself. */
export function orphansOf(household: Household): Orphan[] {
  const byPid = new Map(household.processes.map((process) => [process.pid, process]));
  const found = household.processes.flatMap((process) => {
    const of = originOf(process, household);
    return of === null || isKept(process, byPid, household) ? [] : [{ process, of }];
  });
  const pids = new Set(found.map(({ process }) => process.pid));
  return found
    .filter(({ process }) => !pids.has(process.parent))
    .map(({ process, of }) => describe(process, of, household.processes));
}

/** What lives below incarnations that are about to be restarted: from its own environment it may not be known later. */
export function offspringOf(
  lives: readonly { readonly pmId: number; readonly pid: number; readonly startedAt: Instant }[],
  processes: readonly SystemProcess[],
): Offspring[] {
  return lives.flatMap(({ pmId, pid, startedAt }) => {
    const tree = treeOf(pid, processes);
    const name = tree.find(({ mark }) => mark?.pmId === pmId)?.mark?.name ?? `pm2 ${pmId}`;
    return tree
      .filter((member) => member.pid !== pid)
      .map((member) => ({ pid: member.pid, born: member.born, of: { pmId, startedAt, name } }));
  });
}

/** A process and all below it. */
function treeOf(root: number, processes: readonly SystemProcess[]): SystemProcess[] {
  const members = new Set([root]);
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const { pid, parent } of processes) if (members.has(parent)) members.add(pid);
  }
  return processes.filter(({ pid }) => members.has(pid));
}

/** The incarnation of the root that it comes from, if that is gone. */
function originOf({ pid, born, mark }: SystemProcess, household: Household): Origin | null {
  const noted = household.noted.find((child) => child.pid === pid && child.born === born);
  const of = mark !== null && household.isOurs(mark) ? mark : (noted?.of ?? null);
  const lives = household.listed.some(
    (process) => process.pmId === of?.pmId && process.startedAt === of.startedAt && process.pid !== null,
  );
  return lives ? null : of;
}

/** Whether a living app has it below itself, or pm2 does: a worker on its way out is pm2's. */
function isKept(
  process: SystemProcess,
  byPid: ReadonlyMap<number, SystemProcess>,
  { listed, daemon }: Household,
): boolean {
  const living = new Set(listed.map(({ pid }) => pid));
  const seen = new Set<number>();
  for (
    let at: SystemProcess | undefined = process;
    at !== undefined && !seen.has(at.pid);
    at = byPid.get(at.parent)
  ) {
    seen.add(at.pid);
    if (living.has(at.pid) || at.pid === daemon) return true;
    // Where pm2 is the first process of a container, orphans fall to it.
    if (at.parent === daemon) return daemon !== 1 || at.mark === null;
  }
  return false;
}

function describe(
  { pid, born, since, command }: SystemProcess,
  { pmId, startedAt, name }: Origin,
  processes: readonly SystemProcess[],
): Orphan {
  const tree = treeOf(pid, processes);
  const of = { pmId, startedAt, name };
  return {
    ...{ pid, born, since, command, of },
    tree: tree.map((member) => ({ pid: member.pid, born: member.born })),
    attended: tree.some(({ hasTerminal }) => hasTerminal),
  };
}
