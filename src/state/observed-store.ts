import { NO_TALLY, type Listing, type Observed } from '../domain/observed.js';
import type { Layout } from './layout.js';
import { rememberFile } from '../os/read-once.js';
import { readRecord, writeRecord } from './records.js';
import { observedFile, refsFile } from './schema.js';

/** A listing as it lies on disk, and after which look it was written. */
interface Stored extends Listing {
  readonly at: number;
  readonly looks: number;
}

/** What a look showed, without all refs. */
export type Look = Omit<Observed, keyof Listing>;

/** Reads what the last look at the source showed; null before the first. Of two records that lie apart either may be lost: then all refs are to be asked for. */
export async function readObserved(layout: Layout): Promise<Observed | null> {
  const look = await readLook(layout);
  const stored = await listings.read(layout.refs);
  if (stored === null) return look === null ? null : { ...look, ...NO_LISTING, listed: null };
  const { at, looks, refs, seen, first } = stored;
  if (look !== null) return { ...look, refs, seen, first };
  return { ...NO_LOOK, at, looks, refs, seen, first };
}

/** The look alone, without all refs; null before the first. */
export async function readLook(layout: Layout): Promise<Look | null> {
  return looks.read(layout.observed);
}

const looks = rememberFile<Look>((path) => readRecord(path, observedFile));

/** Replaces it. Only the holder of `poll.lock` writes. */
export async function writeObserved(layout: Layout, observed: Observed): Promise<void> {
  const { refs, seen, first, ...look } = observed;
  const { at, looks: count, listed } = look;
  // The listing comes first: a look that tells of a listing must not come without it.
  if (listed !== null && !(await isStored(layout.refs, observed)))
    await writeListing(layout.refs, { at, looks: count, refs, seen, first });
  // A look that a power loss takes back is looked again.
  await writeRecord(layout.observed, look, { until: 'crash' });
  looks.keep(layout.observed, look);
}

const NO_LISTING: Listing = { refs: [], seen: {}, first: {} };
const NO_LOOK = {
  ...{ turn: 0, error: null, code: null, outage: null, listed: null },
  ...{ policy: null, policyError: null, tally: NO_TALLY },
};

async function writeListing(path: string, listing: Stored): Promise<void> {
  await writeRecord(path, listing);
  listings.keep(path, listing);
}

// Many refs are read once, not with every poll.
const listings = rememberFile<Stored>((path) => readRecord(path, refsFile));

/** Whether a listing is the very one that was read. */
async function isStored(path: string, { refs, seen, first }: Listing): Promise<boolean> {
  const stored = await listings.read(path);
  return stored?.refs === refs && stored.seen === seen && stored.first === first;
}
