import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { GitOpsError } from '../domain/errors.js';
import type { Clock } from '../os/clock.js';
import { hasErrno, leaveToOwner, translateDiskError } from '../os/files.js';

/** A lock that this process holds. The kernel frees it when the process ends, however it ends. */
export interface Lock {
  release(): void;
}

/** What the holder wrote about itself, for people only: the kernel alone knows whether the lock is held. */
export interface Holder {
  /** Null where nobody can tell (any more, or yet): the lock is held all the same. */
  readonly pid: number | null;
  readonly startedAt: number | null;
  readonly run: string | null;
}

// Windows keeps others from reading what is locked (LockFileEx), so the byte that is locked lies far behind what the holder writes.
const BEYOND = [2 ** 40, 1] as const;

// Not `a+`: Windows lets a file that is open for appending not be cut, so the holder could not say who it is.
const TO_WRITE = constants.O_RDWR | constants.O_CREAT;

/** Takes the lock file if nobody holds it; null if somebody does. `holder` null: it says nothing of itself. Throws `LOCK_UNSUPPORTED` where the platform has no such lock. */
export async function tryLock(path: string, holder: Holder | null): Promise<Lock | null> {
  const { tryLock: lockFile } = await loadLocks();
  const file = openToLock(path);
  try {
    if (lockFile(file, ...BEYOND)) {
      await leaveToOwner(path);
      if (holder !== null) sayWho(file, holder);
      return lockOn(file);
    }
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  return null;
}

function openToLock(path: string): number {
  try {
    return openSync(path, TO_WRITE, 0o600);
  } catch (error) {
    throw translateDiskError(error, path);
  }
}

/** Released once: its number may be another file's by then. */
function lockOn(file: number): Lock {
  let isHeld = true;
  return {
    release: () => {
      if (isHeld) closeSync(file);
      isHeld = false;
    },
  };
}

/** Tries for a while, since a poller that only asks whether the lock is free holds it for a moment too. */
export async function lockWithin(
  limitMs: number,
  { path, holder, clock, signal }: { path: string; holder: Holder | null; clock: Clock; signal: AbortSignal },
): Promise<Lock | null> {
  const end = clock.monotonicMs() + limitMs;
  for (;;) {
    const lock = await tryLock(path, holder);
    if (lock !== null || clock.monotonicMs() >= end) return lock;
    await clock.sleep(25, signal);
  }
}

/** Who holds the lock now, as far as the file tells; null if nobody does. */
export async function holderOf(path: string): Promise<Holder | null> {
  const { tryLock: lockFile } = await loadLocks();
  const file = openToAsk(path);
  if (file === null) return null;
  try {
    // A shared lock suffices to ask, and several may ask at once.
    if (lockFile(file, ...BEYOND, { shared: true })) return null;
    return parseHolder(readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}

/** Null where there is none. On a read-only disk one can still ask. */
function openToAsk(path: string): number | null {
  for (const flags of ['r+', 'r']) {
    try {
      return openSync(path, flags);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      if (flags === 'r' || !hasErrno(error, 'EROFS')) throw error;
    }
  }
  return null;
}

/** Throws `LOCK_UNSUPPORTED` on a machine without kernel-held file locks. */
export async function requireLocks(): Promise<void> {
  await loadLocks();
}

/** Whether this machine has kernel-held file locks that we can use. */
export async function locksSupported(): Promise<boolean> {
  return loadLocks().then(
    () => true,
    () => false,
  );
}

type LockRange = readonly [offset: number, length: number, options?: { readonly shared: boolean }];

interface FileLocks {
  readonly tryLock: (fd: number, ...range: LockRange) => boolean;
}

async function loadLocks(): Promise<FileLocks> {
  try {
    const loaded = await import('fs-native-extensions');
    return loaded.default;
  } catch (cause) {
    throw new GitOpsError(
      'LOCK_UNSUPPORTED',
      `no kernel-held file locks on ${process.platform}-${process.arch}`,
      {
        cause,
        hint: 'fs-native-extensions has no prebuilt binary here (musl and 32-bit ARM have none): use a glibc Node of 64 bits',
      },
    );
  }
}

function sayWho(file: number, holder: Holder): void {
  try {
    ftruncateSync(file);
    writeSync(file, `${JSON.stringify(holder)}\n`, 0);
  } catch {
    // A full disk, say: it only informs people.
  }
}

function parseHolder(text: string): Holder {
  const unknown: Holder = { pid: null, startedAt: null, run: null };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value)) return unknown;
    const { pid } = value;
    const startedAt = 'startedAt' in value ? value.startedAt : null;
    const run = 'run' in value ? value.run : null;
    return {
      pid: typeof pid === 'number' ? pid : null,
      startedAt: typeof startedAt === 'number' ? startedAt : null,
      run: typeof run === 'string' ? run : null,
    };
  } catch {
    return unknown; // torn or foreign text: it only informs people
  }
}
