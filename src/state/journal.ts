import { truncate } from 'node:fs/promises';
import { isGitOpsError } from '../domain/errors.js';
import type { Upgrade } from '../domain/upgrade.js';
import type { Instant } from '../domain/release.js';
import { appendDurably, readBytesIfAny, setAside, writeDurably } from '../os/files.js';
import { readOnce } from '../os/read-once.js';
import { parseRecord } from './records.js';
import { journalLine, ownLine } from './schema.js';

// Each line is the whole upgrade, so any line may be the last and any earlier one may go.
const COMPACT_OVER_BYTES = 256 * 1024;
const KEPT_LINES = 50;
const LINE_END = 0x0a;

/** What the journal's newest line tells, and when it was written. */
export interface Entry {
  readonly at: Instant;
  readonly upgrade: Upgrade;
}

/** Reads the last whole line (a torn one never happened); null where no line can be believed. Throws `STATE_NEWER`. */
export const readJournal = readOnce(async (path): Promise<Entry | null> => {
  const bytes = await readBytesIfAny(path);
  return bytes === null ? null : lastEntry(wholeLines(bytes), path);
});

/** All lines of a journal that can be believed, oldest first. Throws `STATE_NEWER`. */
export async function readEntries(path: string): Promise<Entry[]> {
  const bytes = (await readBytesIfAny(path)) ?? Buffer.alloc(0);
  return lines(wholeLines(bytes)).flatMap((line) => parseRecord(line, journalLine, path) ?? []);
}

/** The journal of the worker that holds `upgrade.lock`; nobody else writes. */
export interface Journal {
  /** The newest line when the journal was opened; null where none could be believed. */
  readonly entry: Entry | null;
  append(upgrade: Upgrade, at: Instant): Promise<void>;
}

/**
 * Opens the journal for writing: makes a missing one, cuts a torn last line off, and compacts a long one. One that tells nothing is
 * renamed to `<path>.corrupt` and kept. Throws `STATE_NEWER`.
 */
export async function openJournal(path: string): Promise<Journal> {
  const bytes = await readBytesIfAny(path);
  const whole = wholeLines(bytes ?? Buffer.alloc(0));
  const entry = lastEntry(whole, path); // what a newer version wrote is not touched
  if (entry === null && whole.length > 0) await setAside(path);
  if (bytes === null || (entry === null && whole.length > 0)) await writeDurably(path, '');
  else if (whole.length !== bytes.length) await truncate(path, whole.length);
  if (whole.length > COMPACT_OVER_BYTES && entry !== null) await compact(whole, path).catch(unlessFull);
  return {
    entry,
    append: (after, at) => appendDurably(path, `${JSON.stringify({ schema: 1, at, upgrade: after })}\n`),
  };
}

function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(LINE_END) + 1);
}

async function compact(whole: Buffer, path: string): Promise<void> {
  const kept = lines(whole)
    .filter((line) => parseRecord(line, journalLine, path) !== null)
    .slice(-KEPT_LINES);
  await writeDurably(path, `${kept.join('\n')}\n`);
}

/** A long journal is as true as a short one. */
function unlessFull(error: unknown): void {
  if (!isGitOpsError(error, 'DISK_FULL')) throw error;
}

function lastEntry(whole: Buffer, path: string): Entry | null {
  for (const line of lines(whole).reverse()) {
    const parsed = parseRecord(line, journalLine, path);
    if (parsed !== null) return parsed;
    // Garbage is what a failing disk leaves. A line that is ours was written: the one before it is not the truth any more.
    if (parseRecord(line, ownLine, path) !== null) return null;
  }
  return null;
}

function lines(whole: Buffer): string[] {
  return whole
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}
