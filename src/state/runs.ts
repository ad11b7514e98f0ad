import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseNotes } from '../domain/notice.js';
import type { Incarnation } from '../domain/process.js';
import type { Run } from '../domain/run.js';
import { hasErrno, makePrivateFolder } from '../os/files.js';
import type { Layout } from './layout.js';
import { readOnce } from '../os/read-once.js';
import { readRecord, writeRecord } from './records.js';
import { deadFile, notesFile, provenFile, runFile } from './schema.js';

/** The folder of a run: its record and its log. */
export function runFolder(layout: Layout, id: string): string {
  return join(layout.runs, id);
}

/** The log of a run. */
export function runLog(layout: Layout, id: string): string {
  return join(runFolder(layout, id), 'log.txt');
}

/** Writes a run's record: once when it begins, once when it ends. */
export async function writeRun(layout: Layout, run: Run): Promise<void> {
  await makePrivateFolder(runFolder(layout, run.id));
  await writeRecord(join(runFolder(layout, run.id), 'run.json'), run);
}

/** Reads one run; null where there is none. */
export async function readRun(layout: Layout, id: string): Promise<Run | null> {
  return readRunOf(join(runFolder(layout, id), 'run.json'));
}

const readRunOf = readOnce((path) => readRecord(path, runFile));

/** Which incarnations a run has proven: a later worker need not restart them again to hear how they begin. */
export async function readProven(layout: Layout, id: string): Promise<readonly Incarnation[]> {
  return (await readRecord(provenRecord(layout, id), provenFile))?.lives ?? [];
}

/** Adds to them. */
export async function addProven(layout: Layout, id: string, lives: readonly Incarnation[]): Promise<void> {
  const known = await readProven(layout, id);
  await makePrivateFolder(runFolder(layout, id));
  await writeRecord(provenRecord(layout, id), { lives: [...known, ...lives] });
}

/** The pm ids of what was dead before a run touched anything, though nobody had stopped it; null where that is not on record. */
export async function readDead(layout: Layout, id: string): Promise<ReadonlySet<number> | null> {
  const found = await readRecord(deadRecord(layout, id), deadFile);
  return found === null ? null : new Set(found.pmIds);
}

/** Puts them on record. */
export async function writeDead(layout: Layout, id: string, pmIds: readonly number[]): Promise<void> {
  await makePrivateFolder(runFolder(layout, id));
  await writeRecord(deadRecord(layout, id), { pmIds });
}

/** What people say of the release of a run; null where that is not on record. */
export async function readNotes(layout: Layout, id: string): Promise<ReleaseNotes | null> {
  const found = await readRecord(notesRecord(layout, id), notesFile);
  return found === null ? null : { title: found.title, notes: found.notes };
}

/** Puts it on record. */
export async function writeNotes(layout: Layout, id: string, notes: ReleaseNotes): Promise<void> {
  await makePrivateFolder(runFolder(layout, id));
  await writeRecord(notesRecord(layout, id), notes);
}

/** The newest runs, newest first. */
export async function listRuns(layout: Layout, limit: number): Promise<Run[]> {
  const found: Run[] = [];
  for (const id of (await runIds(layout)).reverse()) {
    if (found.length >= limit) break;
    const run = await readRun(layout, id);
    if (run !== null) found.push(run);
  }
  return found;
}

/** The ids of all runs that left a folder, oldest first. */
export async function runIds(layout: Layout): Promise<string[]> {
  return [...((await readIds(layout.runs)) ?? [])];
}

const readIds = readOnce(async (path): Promise<readonly string[] | null> => {
  try {
    return (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
});

function deadRecord(layout: Layout, id: string): string {
  return join(runFolder(layout, id), 'dead.json');
}

function provenRecord(layout: Layout, id: string): string {
  return join(runFolder(layout, id), 'proven.json');
}

function notesRecord(layout: Layout, id: string): string {
  return join(runFolder(layout, id), 'notes.json');
}
