import { resolve } from 'node:path';
import { planAppChanges, takenNames, type AppChange } from '../domain/app-changes.js';
import type { AppDefinition } from '../domain/app-definition.js';
import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { hasErrno } from '../os/files.js';
import { readEntries, type Entry } from '../runtime/entries.js';
import { listProcesses } from '../runtime/processes.js';
import type { Daemon } from '../runtime/rpc.js';
import {
  clearAppRecords,
  readAppRecord,
  writeAppRecord,
  type AppRecord,
  type FormerEntry,
} from '../state/app-record.js';
import { readEcosystem } from '../workspace/ecosystem.js';
import { relocateApps } from '../workspace/relocate.js';
import { findTargets, noneYet, withDaemon } from './apps.js';
import { readBrought, type Brought } from './brought.js';
import type { Root } from './root.js';
import { switchingOf } from './switching.js';
import { effortOf, type Workplace } from './workplace.js';

/** The app changes of a run, decided. */
export interface NotedChanges extends AppRecord {
  readonly changes: readonly AppChange[];
}

const READ_LIMIT_MS = 30_000;

/**
 * Decides what the staged release changes about the apps in pm2, and writes it down with all that the way back needs: the former files and
 * pm2's own records are still there. Touches nothing. Throws `NAMES_TAKEN`.
 */
export async function noteChanges(place: Workplace, upgrade: Upgrade, staged: StagedRelease): Promise<void> {
  const { layout } = place.root;
  await clearAppRecords(layout);
  if (upgrade.active === null) return;
  const noted = await foreseeChanges(place, upgrade, staged);
  // What is kept for a way back tells its apps only when it lies in the root again.
  if (noted.changes === null || noted.changes.length > 0) await writeAppRecord(layout, noted);
}

/** The same without a trace. `changes` is null where the staged release cannot tell yet. */
export async function foreseeChanges(
  place: Workplace,
  { active }: Upgrade,
  { release, run }: StagedRelease,
): Promise<AppRecord> {
  const { root, signal, order } = place;
  const former = await formerApps(place);
  const staged = await readBrought(place, release, switchingOf(place).stagedTree(release, run));
  const scopes = [active?.apps ?? null, ...(staged.apps === null ? [] : [staged.config.apps])];
  const found = await withDaemon(root, signal, (daemon) =>
    lookAround(root, { daemon, scopes, signal }),
  ).catch(noneYet(order));
  const entries = found.filter(({ ours }) => ours).map(({ entry }) => formerEntry(entry));
  const draft = { run, scopes, former, entries, changes: null, begun: [], started: [], restored: [] };
  const noted = staged.apps === null ? draft : decided(place, draft, staged);
  refuseTaken(noted, found);
  return noted;
}

interface StagedRelease {
  readonly release: Release;
  /** The run that staged it. */
  readonly run: string;
}

/** What the run changes about the apps; null where it changes nothing. */
export async function changesOf(
  place: Workplace,
  run: string,
  brought: Brought,
): Promise<NotedChanges | null> {
  const { layout } = place.root;
  const record = await readAppRecord(layout, run);
  if (record === null) return null;
  const { changes } = record;
  if (changes !== null) return { ...record, changes };
  const noted = decided(place, { ...record, scopes: [...record.scopes, brought.config.apps] }, brought);
  await writeAppRecord(layout, noted);
  return noted.changes.length === 0 ? null : noted;
}

/** The entries of pm2's list that belong to the root under any of the scopes. */
export async function rootEntries(
  root: Root,
  { daemon, scopes, signal }: Scope & { readonly daemon: Daemon; readonly signal: AbortSignal },
): Promise<Entry[]> {
  return (await lookAround(root, { daemon, scopes, signal }))
    .filter(({ ours }) => ours)
    .map(({ entry }) => entry);
}

/** In a checkout people start them by `pm2 start` in its folder, and so do we; that way they get no variable that they did not have. */
function asStarted(place: Workplace, apps: readonly AppDefinition[]): readonly AppDefinition[] {
  if (place.root.config.strategy === 'checkout') return apps;
  return apps.map((app) => inFolder(app, switchingOf(place).live));
}

/** An app as pm2 must record it: it takes a missing or relative `cwd` from wherever it is called, and freezes it. */
export function inFolder(app: AppDefinition, live: string): AppDefinition {
  const { cwd } = app;
  return { ...app, cwd: resolve(live, typeof cwd === 'string' ? cwd : '.') };
}

type Scope = Pick<AppRecord, 'scopes'>;

interface Found {
  readonly entry: Entry;
  readonly ours: boolean;
}

async function lookAround(
  root: Root,
  { daemon, scopes, signal }: Scope & { readonly daemon: Daemon; readonly signal: AbortSignal },
): Promise<Found[]> {
  const all = await listProcesses(daemon, signal);
  const targets = scopes.map((apps) => findTargets(root, apps, all));
  const ours = new Set(targets.flatMap((find) => find(all).map(({ pmId }) => pmId)));
  const entries = await readEntries(daemon, all, signal);
  return entries.map((entry) => ({ entry, ours: ours.has(entry.process.pmId) }));
}

/** What the root serves from now defines. It need not be readable: it served until now. */
async function formerApps(place: Workplace): Promise<readonly AppDefinition[] | null> {
  const { live } = switchingOf(place);
  try {
    const ecosystem = await readEcosystem(live, effortOf(place, READ_LIMIT_MS));
    if (ecosystem === null) return null;
    return asStarted(place, await relocateApps(ecosystem.apps, { from: live, to: live }));
  } catch (error) {
    // Somebody may have removed what served until now.
    if (!isGitOpsError(error, 'RELEASE_INVALID') && !hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    place.report.step(`${messageOf(error)}; its apps are taken for unknown`);
    return null;
  }
}

function decided(place: Workplace, record: AppRecord, brought: Brought): NotedChanges {
  const { root, report } = place;
  const [formerScope = null] = record.scopes;
  const { changes, remarks } = planAppChanges({
    former: record.former,
    wanted: brought.apps === null ? null : asStarted(place, brought.apps),
    ours: {
      former: root.config.apps ?? formerScope,
      wanted: root.config.apps ?? brought.config.apps,
    },
    entries: record.entries,
    shell: root.host.env,
  });
  remarks.forEach((remark) => {
    report.step(`warning: ${remark}`);
  });
  const touched = new Set(changes.flatMap(formerNames));
  return { ...record, changes, entries: record.entries.filter(({ name }) => touched.has(name)) };
}

/** Whose processes a change takes away. */
export function formerNames(change: AppChange): string[] {
  if (change.kind === 'add') return [];
  return [change.kind === 'remove' ? change.name : change.instead];
}

function formerEntry({ id, name, stopped, env, record, process }: Entry): FormerEntry {
  return { id, name, stopped, env, record, alive: process.pid !== null };
}

function refuseTaken({ changes }: Pick<AppRecord, 'changes'>, found: readonly Found[]): void {
  const strangers = found.filter(({ ours }) => !ours).map(({ entry }) => entry.name);
  const [name] = takenNames(changes ?? [], strangers);
  const stranger = found.find(({ entry, ours }) => !ours && entry.name === name);
  if (name === undefined || stranger === undefined) return;
  throw new GitOpsError(
    'NAMES_TAKEN',
    `the release starts ${name}, and pm2 already has an app called ${name}, in ${stranger.entry.process.cwd}`,
    { hint: 'give the apps names that no other app of this pm2 has, or use another PM2_HOME' },
  );
}
