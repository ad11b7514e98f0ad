import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

// Fields of /proc/<pid>/stat behind the command, counted from 0: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const STATE = 0;
const PARENT = 1;
const GROUP = 2;
const SESSION = 3;
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

/** The process group of a process; null as with `parentOf`. */
export function groupOf(pid: number): number | null {
  const field = fieldOf(pid, GROUP);
  return field === null ? null : Number(field);
}

/** The session of a process; null as with `parentOf`. */
export function sessionOf(pid: number): number | null {
  const field = fieldOf(pid, SESSION);
  return field === null ? null : Number(field);
}

/** Which run of the kernel this is: its counts of time begin anew with each. Null where the system does not tell. */
export function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/** Whether a process has ended, and nobody has asked for it yet. */
export function isZombie(pid: number): boolean {
  return /^[ZX]/.test(fieldOf(pid, STATE) ?? '');
}

/** The folder in which a process really stands, whatever path led there; null as with `parentOf`, and for another user's process. */
export function workingFolderOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null; // gone, not ours to see, or no /proc
  }
}

/** A living process and what it belongs to. */
export interface LivingProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startedAt: string;
}

/** All that live, by pid; the dead that nobody has asked for yet (zombies) are left out. Empty where the system is none that tells. */
export function livingProcesses(): Map<number, LivingProcess> {
  const found = new Map<number, LivingProcess>();
  for (const pid of pids()) {
    const fields = fieldsOf(pid);
    if (fields.length === 0 || /[ZX]/.test(fields[STATE] ?? '')) continue;
    const [parent = 0, group = 0, session = 0] = [PARENT, GROUP, SESSION].map((at) => Number(fields[at]));
    found.set(pid, { pid, parent, group, session, startedAt: fields[START_TIME] ?? '' });
  }
  return found;
}

/** A text that Linux has of a process (`environ`, `cmdline`), zero bytes between its parts; empty where it is gone or not ours to read. */
export function textOf(pid: number, name: 'environ' | 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // gone, or no /proc: there is no more to know
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

function fieldOf(pid: number, index: number): string | null {
  return fieldsOf(pid)[index] ?? null;
}

function fieldsOf(pid: number): string[] {
  const stat = textOf(pid, 'stat');
  // The command is in parentheses and may hold spaces and brackets itself.
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
