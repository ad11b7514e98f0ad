import { readdir, readFile } from 'node:fs/promises';
import type { SystemProcess } from '../domain/orphan.js';
import type { Instant } from '../domain/release.js';

// Fields of /proc/<pid>/stat behind the command, counted from 0: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const STATE = 0;
const PARENT = 1;
const TERMINAL = 4;
const START_TIME = 19;
// USER_HZ, in which the kernel tells times to programs, is 100 on every architecture that Node.js runs on.
const TICK_MS = 10;
const LONGEST_COMMAND = 200;

/** A process as the system tells of it, with the variables of its environment that are asked for. */
export type Seen = Omit<SystemProcess, 'mark'> & { readonly variables: ReadonlyMap<string, string> };

/** All processes that /proc shows; of others' processes no variables are to be had. Null where there is no /proc. */
export async function listSystem(names: readonly string[], now: Instant): Promise<Seen[] | null> {
  const uptime = Number.parseFloat(await read('uptime'));
  if (process.platform !== 'linux' || Number.isNaN(uptime)) return null;
  const bootedAt = now - uptime * 1000;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const seen = await Promise.all(pids.map((pid) => look(pid, names, bootedAt)));
  return seen.flat();
}

/** What is gone meanwhile is left out, and what has ended and only waits for its parent to take note (Z). */
async function look(pid: number, names: readonly string[], bootedAt: Instant): Promise<Seen[]> {
  const [stat, command, environment] = await Promise.all(
    ['stat', 'cmdline', 'environ'].map((file) => read(`${pid}/${file}`)),
  );
  // The command is in parentheses and may hold spaces and brackets itself.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  const born = fields[START_TIME];
  if (born === undefined || fields[STATE] === 'Z') return [];
  const words = (command ?? '').replaceAll('\0', ' ').trim();
  return [
    {
      ...{ pid, parent: Number(fields[PARENT]), born, hasTerminal: fields[TERMINAL] !== '0' },
      since: bootedAt + Number(born) * TICK_MS,
      command: words.slice(0, LONGEST_COMMAND),
      variables: variablesOf(environment ?? '', names),
    },
  ];
}

function variablesOf(environment: string, names: readonly string[]): Map<string, string> {
  const pairs = environment.split('\0').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return new Map(pairs.filter(([name]) => names.includes(name)));
}

async function read(path: string): Promise<string> {
  return readFile(`/proc/${path}`, 'utf8').catch(() => '');
}
