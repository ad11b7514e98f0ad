import { readFile, truncate } from 'node:fs/promises';
import { GitOpsError } from '../domain/errors.js';
import { FRESH, type Upgrade } from '../domain/upgrade.js';
import type { Instant } from '../domain/release.js';
import { appendDurably, hasErrno, writeDurably } from '../os/files.js';
import { parseRecord } from './records.js';
import { journalLine, ownLine } from './schema.js';

// Each line is the whole upgrade, so any line may be the last and any earlier one may go.
const COMPACT_OVER_BYTES = 256 * 1024;
const KEPT_LINES = 50;
const LINE_END = 0x0a;

/** Reads the upgrade as the last whole line tells it; a torn last line never happened. Throws `STATE_NEWER`, `STATE_CORRUPT`. */
export async function readJournal(path: string): Promise<Upgrade> {
  const bytes = await readBytesIfAny(path);
  return bytes === null ? FRESH : lastUpgrade(wholeLines(bytes), path);
}

/** The journal of the worker that holds `upgrade.lock`; nobody else writes. */
export interface Journal {
  /** The upgrade as it was when the journal was opened. */
  readonly upgrade: Upgrade;
  append(upgrade: Upgrade, at: Instant): Promise<void>;
}

/** Opens the journal for writing: makes a missing one, cuts a torn last line off, and compacts a long one. Throws `STATE_NEWER`, `STATE_CORRUPT`. */
export async function openJournal(path: string): Promise<Journal> {
  const bytes = await readBytesIfAny(path);
  const whole = wholeLines(bytes ?? Buffer.alloc(0));
  const upgrade = lastUpgrade(whole, path); // what a newer version wrote is not touched
  if (bytes === null) await writeDurably(path, '');
  else if (whole.length !== bytes.length) await truncate(path, whole.length);
  if (whole.length > COMPACT_OVER_BYTES) await compact(whole, path);
  return {
    upgrade,
    append: (after, at) => appendDurably(path, `${JSON.stringify({ schema: 1, at, upgrade: after })}\n`),
  };
}

async function readBytesIfAny(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(LINE_END) + 1);
}

async function compact(whole: Buffer, path: string): Promise<void> {
  const kept = lines(whole)
    .filter((line) => parseRecord(line, journalLine, path) !== null)
    .slice(-KEPT_LINES);
  if (kept.length > 0) await writeDurably(path, `${kept.join('\n')}\n`);
}

function lastUpgrade(whole: Buffer, path: string): Upgrade {
  for (const line of lines(whole).reverse()) {
    const parsed = parseRecord(line, journalLine, path);
    if (parsed !== null) return parsed.upgrade;
    // Garbage is what a failing disk leaves. A line that is ours was written: the one before it is not the truth any more.
    if (parseRecord(line, ownLine, path) !== null) throw strange(path);
  }
  return FRESH;
}

function strange(path: string): GitOpsError {
  return new GitOpsError('STATE_CORRUPT', `the newest line of ${path} tells no upgrade that can be`, {
    hint: 'keep a copy of the file, then remove that line: the one before it tells what was before',
  });
}

function lines(whole: Buffer): string[] {
  return whole
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}
