import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { endTree } from '../os/platform.js';
import { startTimeOf } from '../os/proc-linux.js';
import type { ChildLedger } from '../os/run.js';
import { childrenFile } from './schema.js';

interface Child {
  readonly pid: number;
  /** The kernel's start time, so that a recycled pid is not mistaken; null where the system does not tell. */
  readonly startedAt: string | null;
}

/**
 * Writes down which process groups live, because a killed worker's npm or git lives on and would write into the next attempt.
 * Written at once, without waiting for the disk: a group does not survive the power either.
 * `add` throws what the disk says.
 */
export function openChildLedger(path: string): ChildLedger {
  const living = new Map<number, Child>();
  return {
    add(pid) {
      const child = { pid, startedAt: startTimeOf(pid) };
      if (child.startedAt === null) return; // it has ended, or this system does not tell: nobody could end it safely later
      replaceChildren(path, [...living.values(), child]);
      living.set(pid, child);
    },
    remove(pid) {
      living.delete(pid);
      try {
        replaceChildren(path, [...living.values()]);
      } catch {
        // It stays written down, and nobody is mistaken for it: the start time tells.
      }
    },
  };
}

/** Ends what a killed worker left running. Gives back how many groups there were. */
export async function endOrphans(path: string): Promise<number> {
  const orphans = readChildren(path).filter(
    (child) => child.startedAt !== null && child.startedAt === startTimeOf(child.pid),
  );
  for (const { pid } of orphans) await endTree(pid);
  for (const left of [path, temporaryPath(path)]) rmSync(left, { force: true });
  return orphans.length;
}

/** Whoever is killed in the middle leaves the list before, whole: torn, it would hide all orphans. */
function replaceChildren(path: string, children: readonly Child[]): void {
  if (children.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  writeFileSync(temporaryPath(path), JSON.stringify(children), { mode: 0o600 });
  renameSync(temporaryPath(path), path);
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
