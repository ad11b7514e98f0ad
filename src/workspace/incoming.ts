import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError, messageOf } from '../domain/errors.js';
import { systemClock } from '../os/clock.js';
import { hasErrno } from '../os/files.js';
import { isIncoming } from './git-locks.js';

/** How much a download may bring, and how slowly. */
export interface Bounds {
  /** Of the disk's free space, what it may take: the applications need theirs. */
  readonly share: number;
  /** So long it may bring fewer than `minBytes` and say nothing of other work. */
  readonly stallMs: number;
  readonly minBytes: number;
  /** Whatever it brings: not longer than this. */
  readonly totalMs: number;
  /** Git's words, and the server's: some lines a second for as long as it may take. */
  readonly maxChars: number;
}

/** Half a kilobyte a second is slow and honest; what is slower comes to no end anyway. Git passes on up to 64 KiB at a time. */
export const BOUNDS: Bounds = {
  share: 0.5,
  stallMs: 120_000,
  minBytes: 60_000,
  totalMs: 3_600_000,
  maxChars: 2 * 1024 * 1024,
};

/** Where a download comes from and where it lands. */
export interface Download {
  readonly mirror: string;
  /** As it may be shown. */
  readonly from: string;
  readonly bounds: Bounds;
  readonly signal: AbortSignal;
}

const CLOCK = systemClock();

/**
 * Watches a `git fetch`, for git itself has no bound of bytes, and one of speed for http alone. `fetch` is to end with the signal, and
 * to pass each line to `hear`, which tells whether it is still to be kept. Throws `SOURCE_UNREACHABLE` for what stalls or talks without end, `DISK_FULL` for what is too large, and what `fetch` throws.
 */
export async function receive<T>(
  download: Download,
  fetch: (signal: AbortSignal, hear: (line: string) => boolean) => Promise<T>,
): Promise<T> {
  const cut = new AbortController();
  const over = new AbortController();
  const heard = { chars: 0, words: 0 };
  const watching = watch(download, heard, over.signal).catch(
    (error: unknown) => new GitOpsError('SYSTEM_FAILED', `cannot watch the download: ${messageOf(error)}`),
  );
  void watching.then((complaint) => {
    if (complaint !== null) cut.abort(complaint);
  });
  try {
    return await fetch(AbortSignal.any([download.signal, cut.signal]), (line) => {
      heard.chars += line.length;
      // Git tells these each second, also of a single byte.
      if (!line.startsWith('Receiving objects:')) heard.words += 1;
      if (heard.chars > download.bounds.maxChars)
        cut.abort(unreachable(`${download.from} talks without end`));
      return !cut.signal.aborted;
    });
  } catch (error) {
    throw cut.signal.aborted ? cut.signal.reason : error;
  } finally {
    over.abort();
    await watching;
  }
}

interface Heard {
  chars: number;
  words: number;
}

/** Resolves what is wrong as soon as something is, or null once the fetch is over. */
async function watch(
  { mirror, from, bounds }: Download,
  heard: Heard,
  over: AbortSignal,
): Promise<GitOpsError | null> {
  const maxBytes = bounds.share * (await freeBytes(mirror));
  let mark = { bytes: 0, words: 0, at: CLOCK.monotonicMs() };
  while (await pause(Math.min(1_000, bounds.stallMs / 4), over)) {
    const bytes = await incomingBytes(mirror);
    const at = CLOCK.monotonicMs();
    if (bytes > maxBytes) return tooLarge(from, maxBytes);
    if (bytes - mark.bytes >= bounds.minBytes || heard.words > mark.words)
      mark = { bytes, words: heard.words, at };
    else if (at - mark.at > bounds.stallMs)
      return unreachable(
        `${from} sent ${bytes - mark.bytes} bytes in ${Math.round((at - mark.at) / 1000)} s`,
      );
  }
  return null;
}

async function pause(ms: number, over: AbortSignal): Promise<boolean> {
  return CLOCK.sleep(ms, over).then(
    () => true,
    () => false, // the fetch is over
  );
}

/** Git lets a pack, or an object, grow under a name of its own until it is whole. */
async function incomingBytes(mirror: string): Promise<number> {
  const folder = join(mirror, 'objects');
  const names = await readdir(folder, { recursive: true }).catch(ifGone([]));
  const sizes = names
    .filter(isIncoming)
    .map(async (name) => (await stat(join(folder, name)).catch(ifGone({ size: 0 }))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function freeBytes(mirror: string): Promise<number> {
  const { bavail, bsize } = await statfs(mirror);
  return bavail * bsize;
}

function ifGone<T>(instead: T) {
  return (error: unknown): T => {
    if (hasErrno(error, 'ENOENT')) return instead;
    throw error;
  };
}

function tooLarge(from: string, bytes: number): GitOpsError {
  const mebibytes = Math.round(bytes / 1024 ** 2);
  return new GitOpsError('DISK_FULL', `${from} sends more than ${mebibytes} MiB, half of the free space`, {
    hint: 'free some space, or see what makes the repository so large',
  });
}

function unreachable(message: string): GitOpsError {
  return new GitOpsError('SOURCE_UNREACHABLE', message, { hint: 'the next poll tries again' });
}
