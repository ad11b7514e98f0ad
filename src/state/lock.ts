import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { GitOpsError } from '../domain/errors.js';
import type { Clock } from '../os/clock.js';
import { hasErrno, leaveToOwner, translateDiskError } from '../os/files.js';

/** A lock that this process holds. The kernel frees it when the process ends, however it ends. */
export interface Lock {
  release(): Promise<void>;
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
  const file = await open(path, TO_WRITE, 0o600).catch((error: unknown) => {
    throw translateDiskError(error, path);
  });
  try {
    if (lockFile(file.fd, ...BEYOND)) {
      await leaveToOwner(path);
      if (holder !== null) await sayWho(file, holder).catch(() => undefined); // a full disk: it only informs people
      return { release: () => file.close() };
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return null;
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
  const file = await openToAsk(path);
  if (file === null) return null;
  try {
    // A shared lock suffices to ask, and several may ask at once.
    if (lockFile(file.fd, ...BEYOND, { shared: true })) return null;
    return parseHolder(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** Null where there is none. On a read-only disk one can still ask. */
async function openToAsk(path: string): Promise<FileHandle | null> {
  for (const flags of ['r+', 'r']) {
    try {
      return await open(path, flags);
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

async function sayWho(file: FileHandle, holder: Holder): Promise<void> {
  await file.truncate(0);
  await file.write(`${JSON.stringify(holder)}\n`, 0);
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
