import type { AppChange } from '../domain/app-changes.js';
import { restoreEntry, type Entry } from '../runtime/entries.js';
import type { Daemon } from '../runtime/rpc.js';
import { readAppRecord, writeAppRecord, type AppRecord, type FormerEntry } from '../state/app-record.js';
import { formerNames, rootEntries } from './app-notes.js';
import { withDaemon } from './apps.js';
import { onlySaid, patiently } from './perform-apps.js';
import { deleteEntries } from './perform-app-changes.js';
import type { Workplace } from './workplace.js';

/**
 * Takes back what the run has done to the apps in pm2: what it added is deleted, what it deleted is started again from pm2's own record of it.
 * Gives back the pm ids of what lives again and lived before. It can be done again after a kill.
 */
export async function undoChanges(place: Workplace, run: string): Promise<ReadonlySet<number>> {
  return patiently(place, async () => {
    const record = await readAppRecord(place.root.layout, run);
    const begun = (record?.changes ?? []).filter(({ name }) => record?.begun.includes(name));
    if (record === null || begun.length === 0) return new Set();
    return withDaemon(place.root, place.signal, (daemon) => undo(place, { daemon, record }, begun));
  });
}

interface Undoing {
  readonly daemon: Daemon;
  readonly record: AppRecord;
}

async function undo(
  place: Workplace,
  { daemon, record }: Undoing,
  begun: readonly AppChange[],
): Promise<ReadonlySet<number>> {
  const { root, signal, report } = place;
  const look = (): Promise<Entry[]> => rootEntries(root, { daemon, scopes: record.scopes, signal });
  const found = await look();
  const broken = begun.filter((change) => !isAsBefore(change, found, record));
  const names = new Set(broken.flatMap((change) => [change.name, ...formerNames(change)]));
  broken.forEach((change) => {
    report.step(
      `take back: ${change.kind === 'add' ? `delete ${change.name}` : `start ${formerNames(change).join(', ')} as before`}`,
    );
  });
  await deleteEntries(
    daemon,
    found.filter(({ name }) => names.has(name)),
    place,
  );
  const lost = record.entries.filter(({ name }) => names.has(name));
  for (const entry of lost) await restoreEntry(daemon, entry.record, signal);
  const now = await look();
  const former = begun.flatMap(formerNames).map((name) => pairUp(name, now, record.entries));
  const restored = former.flat().map(({ entry }) => entry.id);
  // Only spares a later worker the same work: a way back must not fail for a full disk.
  await onlySaid(place, () => writeAppRecord(root.layout, { ...record, restored }));
  return new Set(former.flat().flatMap(({ entry, was }) => (was.alive ? [entry.process.pmId] : [])));
}

/** Whether nothing of a change is left: its processes are those of before, or those that a former attempt restored. */
function isAsBefore(change: AppChange, found: readonly Entry[], { entries, restored }: AppRecord): boolean {
  const [former] = formerNames(change);
  const own = found.filter(({ name }) => name === former);
  const foreign = found.some(({ name }) => name === change.name && name !== former);
  if (foreign) return false;
  const before = entries.filter(({ name }) => name === former);
  const known = new Set([...before.map(({ id }) => id), ...restored]);
  return own.length === before.length && own.every(({ id }) => known.has(id));
}

interface Pair {
  readonly entry: Entry;
  readonly was: FormerEntry;
}

/** They were started in the order of the record, and pm2 lists them in the order of their start. */
function pairUp(name: string, now: readonly Entry[], before: readonly FormerEntry[]): Pair[] {
  const entries = now.filter((entry) => entry.name === name);
  return before
    .filter((entry) => entry.name === name)
    .flatMap((was, at) => {
      const entry = entries[at];
      return entry === undefined ? [] : [{ entry, was }];
    });
}
