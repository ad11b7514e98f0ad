import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What makes a program believe a false clock. */
export const CLOCK_VARIABLES = [
  ...(['LD_PRELOAD', 'FAKETIME_TIMESTAMP_FILE', 'FAKETIME_NO_CACHE', 'NO_FAKE_STAT'] as const),
  ...(['DONT_FAKE_MONOTONIC', 'FAKETIME_DONT_FAKE_MONOTONIC', 'FAKETIME_SHARED', 'NODE_OPTIONS'] as const),
] as const;

const FOLLOW = new URL('./clock-program.js', import.meta.url);
const PROGRAM = '/usr/bin/faketime';
const LIBRARY = 'faketime/libfaketimeMT.so.1';

/**
 * A wall clock that all programs of one machine believe, and that can be set while they run (libfaketime). Time that is measured, and the
 * times of files, stay honest, as on a real machine whose clock is set.
 */
export class FalseClock {
  readonly #file: string;
  readonly #keeper: Keeper;
  #aheadMs = 0;

  private constructor(file: string, keeper: Keeper) {
    this.#file = file;
    this.#keeper = keeper;
  }

  /** Why there can be none here, or false. */
  static impossible(): string | false {
    return library() === null || !existsSync(PROGRAM) ? 'there is no faketime' : false;
  }

  static async make(folder: string): Promise<FalseClock> {
    const clock = new FalseClock(join(folder, 'clock'), await keep());
    await clock.set(0);
    return clock;
  }

  get env(): Record<(typeof CLOCK_VARIABLES)[number], string> {
    return {
      LD_PRELOAD: library() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      NO_FAKE_STAT: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_SHARED: this.#keeper.shared,
      NODE_OPTIONS: `--import ${FOLLOW.href}`,
    };
  }

  /** What the machine takes for the time. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Sets it so many milliseconds before the true time, or after it. */
  async set(aheadMs: number): Promise<void> {
    const fresh = `${this.#file}.new`;
    await writeFile(fresh, `${aheadMs < 0 ? '-' : '+'}${Math.abs(Math.round(aheadMs / 1000))}\n`);
    await rename(fresh, this.#file);
    this.#aheadMs = aheadMs;
  }

  /** Nothing that believes it may live any more. */
  async close(): Promise<void> {
    await this.#keeper.close();
  }
}

/** Holds what the library shares between programs. */
interface Keeper {
  readonly shared: string;
  close(): Promise<void>;
}

/**
 * Without it each program has a semaphore and memory of its own in /dev/shm, named by its pid; one that is killed leaves them there, and
 * the next program with that pid ends at its start.
 */
async function keep(): Promise<Keeper> {
  const script = 'echo "$FAKETIME_SHARED"; read -r end';
  const child = spawn(PROGRAM, ['-f', '+0', '/bin/sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const line: unknown = (await once(child.stdout, 'data'))[0];
  const close = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  return { shared: String(line).trim(), close };
}

/** Debian has a folder for each kind of machine. */
function library(): string | null {
  if (process.platform !== 'linux') return null;
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))];
  return folders.map((folder) => join(folder, LIBRARY)).find((path) => existsSync(path)) ?? null;
}
