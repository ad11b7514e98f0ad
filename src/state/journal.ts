import { truncate } from 'node:fs/promises';
import { FRESH, type Upgrade } from '../domain/upgrade.js';
import type { Instant } from '../domain/release.js';
import { appendDurably, readTextIfAny, writeDurably } from '../os/files.js';
import { parseRecord } from './records.js';
import { journalLine } from './schema.js';

// Each line is the whole upgrade, so any line may be the last and any earlier one may go.
const COMPACT_OVER_CHARS = 256 * 1024;

/** Reads the upgrade as the last whole line tells it; a torn last line never happened. */
export async function readJournal(path: string): Promise<Upgrade> {
  const text = await readTextIfAny(path);
  return text === null ? FRESH : lastUpgrade(text, path);
}

/** The journal of the worker that holds `upgrade.lock`; nobody else writes. */
export interface Journal {
  append(upgrade: Upgrade, at: Instant): Promise<void>;
}

/** Opens the journal for writing: cuts a torn last line off, and compacts a long one. Throws `STATE_NEWER`. */
export async function openJournal(path: string): Promise<Journal> {
  const text = (await readTextIfAny(path)) ?? '';
  lastUpgrade(text, path); // what a newer version wrote is not touched
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) await truncate(path, Buffer.byteLength(whole));
  if (whole.length > COMPACT_OVER_CHARS) await writeDurably(path, `${lines(whole).slice(-50).join('\n')}\n`);
  return { append: (upgrade, at) => appendDurably(path, `${JSON.stringify({ schema: 1, at, upgrade })}\n`) };
}

function lastUpgrade(text: string, path: string): Upgrade {
  for (const line of lines(text).reverse()) {
    const parsed = parseRecord(line, journalLine, path);
    if (parsed !== null) return parsed.upgrade;
  }
  return FRESH;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
