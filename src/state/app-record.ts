import { rm } from 'node:fs/promises';
import * as v from 'valibot';
import type { AppChange, AppEntry } from '../domain/app-changes.js';
import type { AppDefinition } from '../domain/app-definition.js';
import { corruptPath, exists, makePrivateFolder } from '../os/files.js';
import type { Layout } from './layout.js';
import { readRecord, writeRecord } from './records.js';

/** An entry of pm2's list as it was before the run touched it. */
export interface FormerEntry extends AppEntry {
  readonly id: string;
  /** Whether a process lived behind it. */
  readonly alive: boolean;
  /** All that pm2 needs to start it again. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** `apps.json`: what a run changes about the apps in pm2, and all that its way back needs. Its owner's alone: environments hold secrets. */
export interface AppRecord {
  readonly run: string;
  /** By which names the root's processes are found, for the former and for the new release; null: by folder. */
  readonly scopes: readonly (readonly string[] | null)[];
  /** What the release that served until now defines; null without an ecosystem file. */
  readonly former: readonly AppDefinition[] | null;
  /** Decided before the root is switched; null as long as the release's definitions could not be read. */
  readonly changes: readonly AppChange[] | null;
  readonly entries: readonly FormerEntry[];
  /** Names that the run has begun to touch. */
  readonly begun: readonly string[];
  /** Ids of the entries that it started, and of those that its way back started again. */
  readonly started: readonly string[];
  readonly restored: readonly string[];
}

const definition = v.record(v.string(), v.unknown());
const variables = v.record(v.string(), v.string());
const change = v.variant('kind', [
  v.object({ kind: v.literal('add'), name: v.string(), app: definition }),
  v.object({ kind: v.literal('remove'), name: v.string() }),
  v.object({
    kind: v.literal('recreate'),
    name: v.string(),
    instead: v.string(),
    app: definition,
    env: variables,
    keys: v.array(v.string()),
  }),
]);
const entry = v.object({
  name: v.string(),
  id: v.string(),
  stopped: v.boolean(),
  alive: v.boolean(),
  env: variables,
  record: definition,
});

/** `apps.json`. */
export const appsFile = v.object({
  schema: v.literal(1),
  run: v.string(),
  scopes: v.array(v.nullable(v.array(v.string()))),
  former: v.nullable(v.array(definition)),
  changes: v.nullable(v.array(change)),
  entries: v.array(entry),
  begun: v.array(v.string()),
  started: v.array(v.string()),
  restored: v.array(v.string()),
});

/** Reads what a run changes about the apps; null where it changes nothing. */
export async function readAppRecord(layout: Layout, run: string): Promise<AppRecord | null> {
  const found = await readRecord(layout.apps, appsFile);
  return found?.run === run ? found : null;
}

/** Whether the record was there and could not be read: what it said about this run is lost. */
export async function isAppRecordLost(layout: Layout): Promise<boolean> {
  return exists(corruptPath(layout.apps));
}

/** Replaces it. */
export async function writeAppRecord(layout: Layout, record: AppRecord): Promise<void> {
  await makePrivateFolder(layout.state);
  await writeRecord(layout.apps, record);
}

/** Removes it, with the environments in it. */
export async function dropAppRecord(layout: Layout): Promise<void> {
  await rm(layout.apps, { force: true });
}

/** Makes room for a new run's: an unreadable one of a former run says nothing about it. */
export async function clearAppRecords(layout: Layout): Promise<void> {
  await dropAppRecord(layout);
  await rm(corruptPath(layout.apps), { force: true });
}
