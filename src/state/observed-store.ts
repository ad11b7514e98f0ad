import type { Listing, Observed } from '../domain/observed.js';
import { fileAt } from '../os/file-at.js';
import type { Layout } from './layout.js';
import { readOnce } from './read-once.js';
import { readRecord, writeRecord } from './records.js';
import { observedFile, refsFile } from './schema.js';

/** A listing as it lies on disk, and after which look it was written. */
interface Stored extends Listing {
  readonly at: number;
  readonly looks: number;
}

// Of each root: many refs are read once, not with every poll.
const known = new Map<string, { readonly file: string; readonly stored: Stored }>();

/** Reads what the last look at the source showed; null before the first. Of two records that lie apart either may be lost: then all refs are to be asked for. */
export async function readObserved(layout: Layout): Promise<Observed | null> {
  const look = await readLook(layout);
  const stored = await readStored(layout.refs);
  if (stored === null) return look === null ? null : { ...look, ...NO_LISTING, listed: null };
  const { at, looks, refs, seen, first } = stored;
  if (look !== null) return { ...look, refs, seen, first };
  return { ...NO_LOOK, at, looks, refs, seen, first };
}

/** The look alone, without all refs; null before the first. */
export async function readLook(layout: Layout): Promise<Omit<Observed, keyof Listing> | null> {
  return readLookOf(layout.observed);
}

const readLookOf = readOnce((path) => readRecord(path, observedFile));

/** Replaces it. Only the holder of `poll.lock` writes. */
export async function writeObserved(layout: Layout, observed: Observed): Promise<void> {
  const { refs, seen, first, ...look } = observed;
  const { at, looks, listed } = look;
  // The listing comes first: a look that tells of a listing must not come without it.
  if (listed !== null && !(await isStored(layout.refs, observed)))
    await writeStored(layout.refs, { at, looks, refs, seen, first });
  await writeRecord(layout.observed, look);
}

const NO_LISTING: Listing = { refs: [], seen: {}, first: {} };
const NO_LOOK = {
  ...{ turn: 0, error: null, code: null, outage: null, listed: null },
  ...{ policy: null, policyError: null },
};

async function readStored(path: string): Promise<Stored | null> {
  const file = await fileAt(path);
  const found = known.get(path);
  if (file !== null && found?.file === file) return found.stored;
  known.delete(path);
  const stored = file === null ? null : await readRecord(path, refsFile);
  // A file that took its place meanwhile is another one at the next reading.
  if (file !== null && stored !== null) known.set(path, { file, stored });
  return stored;
}

async function writeStored(path: string, { at, looks, refs, seen, first }: Stored): Promise<void> {
  const stored = { at, looks, refs, seen, first };
  await writeRecord(path, stored);
  const file = await fileAt(path);
  if (file !== null) known.set(path, { file, stored });
}

async function isStored(path: string, { refs, seen, first }: Listing): Promise<boolean> {
  const found = known.get(path);
  const isSame = found?.stored.refs === refs && found.stored.seen === seen && found.stored.first === first;
  return isSame && found.file === (await fileAt(path));
}
