import { readFileSync, readlinkSync } from 'node:fs';

// Fields of /proc/<pid>/stat behind the command, counted from 0: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const PARENT = 1;
const START_TIME = 19;
// Parents change while we look: no walk lasts for ever.
const MAX_ANCESTORS = 64;

/** The parent of a process; null where it is gone, or the system is none that tells. */
export function parentOf(pid: number): number | null {
  const field = fieldOf(pid, PARENT);
  return field === null ? null : Number(field);
}

/** The parents of a process, nearest first; empty where the system is none that tells. */
export function ancestorsOf(pid: number): number[] {
  const found: number[] = [];
  for (
    let parent = parentOf(pid);
    parent !== null && parent > 0 && found.length < MAX_ANCESTORS;
    parent = parentOf(parent)
  )
    found.push(parent);
  return found;
}

/** When a process began, in the kernel's own count: with the pid it names one process for ever. Null as with `parentOf`. */
export function startTimeOf(pid: number): string | null {
  return fieldOf(pid, START_TIME);
}

/** The folder in which a process really stands, whatever path led there; null as with `parentOf`, and for another user's process. */
export function workingFolderOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null; // gone, not ours to see, or no /proc
  }
}

function fieldOf(pid: number, index: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command is in parentheses and may hold spaces and brackets itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[index] ?? null;
  } catch {
    return null; // gone, or no /proc: there is no more to know
  }
}
