import { readFileSync, readdirSync } from 'node:fs';

/** Whether a process lives; a zombie, which only waits to be counted, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return statOf(pid)?.state !== 'Z';
}

/** The living parents of a process, nearest first, as Linux tells them. */
export function ancestorsOf(pid: number): number[] {
  const parent = statOf(pid)?.parent ?? 0;
  return parent === 0 ? [] : [parent, ...ancestorsOf(parent)];
}

/** The living processes in whose command line a word stands, as Linux tells them. */
export function pidsOf(word: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => isAlive(pid) && commandOf(pid).includes(word));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

// proc(5): state and parent follow the command's closing bracket.
function statOf(pid: number): { state: string; parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}
