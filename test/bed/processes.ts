import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/os/clock.js';

/** A living process, as people would recognise it. */
export interface LiveProcess {
  readonly pid: number;
  readonly command: string;
}

/** What makes a process ours: a start of `NAME=value` in its environment, or a working folder below ours. */
export interface Traits {
  readonly variable: string;
  readonly folder: string;
}

const PATIENCE_MS = 10_000;

/** The living processes with one of the traits, this one excepted. Linux only: elsewhere nobody may look. */
export function processesOf({ variable, folder }: Traits): LiveProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && isOurs(pid, { variable, folder }))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/** Kills what `list` finds until it finds nothing: a killed daemon may have been starting one more process. */
export async function endProcesses(list: () => LiveProcess[]): Promise<void> {
  const clock = systemClock();
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  for (let living = list(); living.length > 0; living = list()) {
    living.forEach(({ pid }) => {
      kill(pid);
    });
    await clock.sleep(20, deadline);
  }
}

/** A variable of a living process's environment, as the system has it; null if unset or unreadable. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const pairs = read(`/proc/${pid}/environ`).split('\0').filter(Boolean);
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function isOurs(pid: number, { variable, folder }: Traits): boolean {
  const marked = `\0${read(`/proc/${pid}/environ`)}`.includes(`\0${variable}`);
  return marked || folderOf(pid).startsWith(`${folder}/`);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ''; // it ended, or it is somebody else's
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended, or it is somebody else's
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}

/** What processes were called with, of those whose arguments are wanted; looked at every `everyMs` until the test ends. */
export function watchArguments(
  t: TestContext,
  isWanted: (line: string) => boolean,
  everyMs: number,
): Set<string> {
  const seen = new Set<string>();
  const over = new AbortController();
  t.after(() => {
    over.abort();
  });
  void (async () => {
    while (!over.signal.aborted) {
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
        const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (isWanted(line)) seen.add(line.replaceAll('\0', ' '));
      }
      await pause(everyMs);
    }
  })();
  return seen;
}
