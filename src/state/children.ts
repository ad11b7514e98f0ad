import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { hasErrno } from '../os/errno.js';
import { endTree } from '../os/platform.js';
import { bootId, groupOf, livingProcesses, sessionOf, startTimeOf } from '../os/proc-linux.js';
import type { ChildLedger } from '../os/run.js';
import { releaseReserve } from './reserve.js';
import { childrenFile } from './schema.js';

interface Child {
  /** The group, and the process that leads it. */
  readonly pid: number;
  /** The kernel's start time, so that a recycled pid is not mistaken; null where the system does not tell. */
  readonly startedAt: string | null;
  /** Which run of the kernel counted that time; null where the system does not tell. */
  readonly boot: string | null;
}

/** What a worker writes down of the processes that it starts. */
export interface WorkerLedger extends ChildLedger {
  /** Writes down the worker's own group: what it starts without one of their own (the git of simple-git) is found by it. */
  begin(): void;
  /** Nothing of the worker lives on. */
  end(): void;
}

/**
 * Writes down which process groups live, because a killed worker's npm or git lives on and would write into the next attempt.
 * Written at once, without waiting for the disk: a group does not survive the power either.
 * `add` takes the reserve of a full disk, and throws what the disk says then.
 */
export function openChildLedger(path: string, reserve: string): WorkerLedger {
  const boot = bootId();
  const living = new Map<number, Child>();
  let own: readonly Child[] = [];
  // What cannot be struck off stays written down, and nobody is mistaken for it: the start time tells.
  const replaceIfPossible = (): void => {
    try {
      replaceChildren(path, [...own, ...living.values()]);
    } catch {
      // a full disk
    }
  };
  return {
    begin() {
      own = ownGroup(boot);
      if (own.length > 0) replaceIfPossible();
    },
    end() {
      own = [];
      replaceIfPossible();
    },
    add(pid) {
      const child = { pid, startedAt: startTimeOf(pid), boot };
      if (child.startedAt === null) return; // it has ended, or this system does not tell: nobody could end it safely later
      addChild(path, { children: [...own, ...living.values(), child], reserve });
      living.set(pid, child);
    },
    remove(pid) {
      living.delete(pid);
      replaceIfPossible();
    },
  };
}

/** Ends what a killed worker left running. Gives back how many groups there were. */
export async function endOrphans(path: string): Promise<number> {
  const orphans = readChildren(path).filter(
    (child) => child.pid !== groupOf(process.pid) && isOrphaned(child),
  );
  for (const { pid } of orphans) await endTree(pid);
  for (const left of [path, temporaryPath(path)]) rmSync(left, { force: true });
  return orphans.length;
}

/** The worker's own group, if nobody but it and what it starts can be in there: its launcher has a session of its own. */
function ownGroup(boot: string | null): readonly Child[] {
  const pid = groupOf(process.pid);
  const isAlone = sessionOf(process.pid) !== sessionOf(process.ppid);
  return pid === null || !isAlone ? [] : [{ pid, startedAt: startTimeOf(process.pid), boot }];
}

/**
 * Whether the group still lives: led by the very process, or by nobody any more. While a group has members, the kernel gives its
 * number to no new process; members that are older than it are of another group that had the number before.
 */
function isOrphaned({ pid, startedAt, boot }: Child): boolean {
  if (startedAt === null) return false;
  const leader = startTimeOf(pid);
  if (leader !== null) return leader === startedAt;
  if (boot === null || boot !== bootId()) return false;
  const members = [...livingProcesses().values()].filter(
    ({ group, session }) => group === pid || session === pid,
  );
  return members.some((member) => Number(member.startedAt) >= Number(startedAt));
}

function addChild(
  path: string,
  { children, reserve }: { children: readonly Child[]; reserve: string },
): void {
  try {
    replaceChildren(path, children);
  } catch (error) {
    if (hasErrno(error, 'EROFS')) return; // whoever outlives us cannot write into the next attempt either
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT') || !releaseReserve(reserve)) throw error;
    replaceChildren(path, children);
  }
}

/** Whoever is killed in the middle leaves the list before, whole: torn, it would hide all orphans. */
function replaceChildren(path: string, children: readonly Child[]): void {
  if (children.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  try {
    writeFileSync(temporaryPath(path), JSON.stringify(children), { mode: 0o600 });
    renameSync(temporaryPath(path), path);
  } catch (error) {
    if (!hasErrno(error, 'EROFS')) rmSync(temporaryPath(path), { force: true });
    throw error;
  }
}

// One name will do: only the holder of `upgrade.lock` writes, and it first removes what a former one left.
function temporaryPath(path: string): string {
  return `${path}.tmp`;
}

function readChildren(path: string): readonly Child[] {
  try {
    const parsed = v.safeParse(childrenFile, JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.output : [];
  } catch {
    return []; // none, or none that can be read: then there is nothing that we could end safely
  }
}
