import { join } from 'node:path';
import { describeChange, type AppChange, type Recreation } from '../domain/app-changes.js';
import type { AppDefinition, Variables } from '../domain/app-definition.js';
import { waitUntilAlone } from '../os/alone.js';
import type { Entry } from '../runtime/entries.js';
import type { ListedProcess } from '../runtime/processes.js';
import type { RollOutcome } from '../runtime/rolling.js';
import type { Daemon } from '../runtime/rpc.js';
import { deleteProcesses, startApps } from '../runtime/start.js';
import { readAppRecord, writeAppRecord, type AppRecord } from '../state/app-record.js';
import { runFolder } from '../state/runs.js';
import { formerNames, rootEntries, type NotedChanges } from './app-notes.js';
import { rootProcesses, withDaemon } from './apps.js';
import {
  listenEarly,
  patiently,
  pm2Tools,
  rollOnce,
  startApps as startMissing,
  type Roll,
} from './perform-apps.js';
import type { Workplace } from './workplace.js';

type Change = Exclude<AppChange, { kind: 'remove' }>;

/**
 * Rolls the root's processes where the release also changes its apps:
 *
 *   one process proves the code ──▶ changed apps deleted and started, new ones started ──▶ all of it proven
 *
 * What is gone from the release runs on until `removeApps`. It can be done again after a kill: what the run has started is known by id.
 */
export async function changeAndProve(
  place: Workplace,
  roll: Omit<Roll, 'only'>,
  noted: NotedChanges,
): Promise<RollOutcome> {
  const over = new AbortController();
  try {
    const exits = await listenEarly(place, over.signal);
    return await patiently(place, () => changeOnce(place, { ...roll, exits }, noted));
  } finally {
    over.abort();
  }
}

/** Deletes what the proven release no longer names. */
export async function removeApps(place: Workplace, { run, changes, scopes }: NotedChanges): Promise<void> {
  const { root, signal } = place;
  const gone = changes.filter(({ kind }) => kind === 'remove');
  if (gone.length === 0) return;
  await withDaemon(root, signal, async (daemon) => {
    const names = gone.map(({ name }) => name);
    const entries = (await rootEntries(root, { daemon, scopes, signal })).filter(({ name }) =>
      names.includes(name),
    );
    await begin(place, run, gone);
    await deleteEntries(daemon, entries, place);
  });
}

async function changeOnce(
  place: Workplace,
  roll: Omit<Roll, 'only'>,
  noted: NotedChanges,
): Promise<RollOutcome> {
  const changes = noted.changes.flatMap((change) => (change.kind === 'remove' ? [] : [change]));
  const runningNow = () => rootProcesses(place.root, roll.brought.config.apps, place.signal);
  const found = await runningNow();
  const canary = await proveCanary(place, { ...roll, found, noted }, changes);
  if (!canary.healthy) return canary;
  await startChanged(place, noted.run, changes);
  // Somebody emptied pm2's list in the middle of the run.
  if (found.length === 0) await startMissing(place, roll.brought, await runningNow());
  const gone = new Set(noted.changes.flatMap(({ kind, name }) => (kind === 'remove' ? [name] : [])));
  return rollOnce(place, { ...roll, only: ({ name }) => !gone.has(name) });
}

interface CanaryFacts extends Omit<Roll, 'only'> {
  readonly found: readonly ListedProcess[];
  readonly noted: NotedChanges;
}

/** Before apps are deleted, as many processes as `restart.first` says prove the code: unchanged ones, or else one changed app. */
async function proveCanary(
  place: Workplace,
  { found, noted, ...roll }: CanaryFacts,
  changes: readonly Change[],
): Promise<RollOutcome> {
  // Whom the probes ask may be what is not started yet.
  const { config } = roll.brought;
  const health = { ...config.health, url: null, command: null };
  const quiet = { ...roll, brought: { ...roll.brought, config: { ...config, health } } };
  const touched = new Set(noted.changes.flatMap((change) => [change.name, ...formerNames(change)]));
  const steady = found.filter(
    ({ name, pid, status }) => !touched.has(name) && (pid !== null || status !== 'stopped'),
  );
  const first = new Set(steady.slice(0, roll.restart.first).map(({ pmId }) => pmId));
  if (changes.length === 0) return { healthy: true };
  if (first.size > 0) return rollOnce(place, { ...quiet, only: ({ pmId }) => first.has(pmId) });
  const canary = changes.find(({ kind }) => kind === 'recreate');
  if (canary === undefined) return { healthy: true };
  await startChanged(place, noted.run, [canary]);
  return rollOnce(place, { ...quiet, only: ({ name }) => name === canary.name });
}

/** Deletes what makes way, then starts the new definitions. What the run has started already is left. */
async function startChanged(place: Workplace, run: string, changes: readonly Change[]): Promise<void> {
  const pending = await clearWay(place, run, changes);
  if (pending.length === 0) return;
  const { layout, config } = place.root;
  const file = join(runFolder(layout, run), 'ecosystem.json');
  // Called from `current`, pm2 would resolve the link: there every definition has its folder.
  const folder = config.strategy === 'checkout' ? layout.root : null;
  for (const { env, apps } of byEnvironment(pending, place.root.host.env))
    await startApps({ apps, env, file, folder }, pm2Tools(place), place.signal);
  await noteStarted(place, run, pending);
}

async function clearWay(place: Workplace, run: string, changes: readonly Change[]): Promise<Change[]> {
  const { root, signal } = place;
  const record = await readAppRecord(root.layout, run);
  if (record === null) return [];
  return withDaemon(root, signal, async (daemon) => {
    const entries = await rootEntries(root, { daemon, scopes: record.scopes, signal });
    const pending = changes.filter((change) => !isDone(change, entries, record));
    await begin(place, run, pending);
    const names = new Set(pending.flatMap((change) => [change.name, ...formerNames(change)]));
    await deleteEntries(
      daemon,
      entries.filter(({ name }) => names.has(name)),
      place,
    );
    return pending;
  });
}

/** Known by the ids of what the run started: after a `pm2 resurrect` the old definitions are back, under ids that nobody knows. */
function isDone({ kind, name }: Change, entries: readonly Entry[], { begun, started }: AppRecord): boolean {
  const own = entries.filter((entry) => entry.name === name);
  // Somebody else was faster.
  if (kind === 'add' && own.length > 0 && !begun.includes(name)) return true;
  return own.length > 0 && own.every(({ id }) => started.includes(id));
}

/** On record before anything is touched: only what was begun is ever taken back. */
async function begin(place: Workplace, run: string, changes: readonly AppChange[]): Promise<void> {
  const { layout } = place.root;
  const record = await readAppRecord(layout, run);
  if (record === null || changes.length === 0) return;
  changes.forEach((change) => {
    place.report.step(describeChange(change));
  });
  const begun = [...new Set([...record.begun, ...changes.map(({ name }) => name)])];
  await writeAppRecord(layout, { ...record, begun });
}

/** Takes entries out of pm2's list. It ends what lies below their processes: that must not be us. */
export async function deleteEntries(
  daemon: Daemon,
  entries: readonly Entry[],
  { root, signal }: Workplace,
): Promise<void> {
  await waitUntilAlone(
    entries.flatMap(({ process }) => process.pid ?? []),
    root.host.clock,
    signal,
  );
  const ids = entries.map(({ process }) => process.pmId);
  await Promise.all(ids.map((pmId) => deleteProcesses(daemon, [pmId], signal)));
}

async function noteStarted(place: Workplace, run: string, changes: readonly Change[]): Promise<void> {
  const { root, signal } = place;
  const record = await readAppRecord(root.layout, run);
  if (record === null) return;
  const names = new Set(changes.map(({ name }) => name));
  const entries = await withDaemon(root, signal, (daemon) =>
    rootEntries(root, { daemon, scopes: record.scopes, signal }),
  );
  const started = entries.filter(({ name }) => names.has(name)).map(({ id }) => id);
  await writeAppRecord(root.layout, { ...record, started: [...new Set([...record.started, ...started])] });
}

interface Batch {
  readonly env: Variables;
  readonly apps: readonly AppDefinition[];
}

/** pm2's command line hands its own environment on: apps that had different ones are started apart. */
function byEnvironment(changes: readonly Change[], shell: Variables): Batch[] {
  const batches = new Map<string, Batch>();
  for (const change of changes) {
    const env = isRecreation(change) ? change.env : shell;
    const sorted = Object.entries(env).sort(([one], [other]) => (one < other ? -1 : 1));
    // pm2 sets PWD to the folder of one app, and the next one in the list finds it set.
    const key = JSON.stringify([change.app['cwd'], sorted]);
    batches.set(key, { env, apps: [...(batches.get(key)?.apps ?? []), change.app] });
  }
  return [...batches.values()];
}

function isRecreation(change: Change): change is Recreation {
  return change.kind === 'recreate';
}
