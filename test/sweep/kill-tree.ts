import { readdirSync } from 'node:fs';
import { parentOf } from '../../src/os/proc-linux.js';

/** Kills all that descends from a process, the process itself excepted. */
export function killTree(pid: number): void {
  for (const child of descendantsOf(pid)) {
    try {
      process.kill(child, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
}

function descendantsOf(pid: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((entry) => [Number(entry), parentOf(Number(entry))]),
  );
  const found = [pid];
  for (const parent of found)
    for (const [child, of] of parents) if (of === parent && !found.includes(child)) found.push(child);
  return found.slice(1);
}
