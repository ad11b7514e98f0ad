import { wishesAhead, type AheadFacts, type Wish } from './ahead.js';
import type { Observed } from './observed.js';
import type { Instant, Ref } from './release.js';
import { dueTurn, intervalSchedule } from './turn.js';

// A look that finds nothing asks a narrow question: for the few places where a newer release may come. If the answer is what the last
// listing has there, nothing has changed. If it is anything else, all refs are asked for, and everything is decided by them alone.

/** What is asked for, and what the answer is if nothing has changed. */
export interface NarrowQuestion {
  /** Every ref whose name begins with one of these. */
  readonly prefixes: readonly string[];
  readonly expected: readonly Ref[];
}

/** What a narrow question is made from. */
export interface NarrowFacts extends AheadFacts {
  /** Refs that matter by their full names, whatever comes of versions. */
  readonly names: readonly string[];
  /** How many bytes question and answer should take together, without what http puts around them. */
  readonly roomBytes: number;
}

/** By which question all refs were asked for, and of which machine. */
export interface ListingFacts {
  readonly asked: string;
  readonly machineId: string;
  readonly now: Instant;
}

/** How long what lies beyond the narrow question may stay unseen. */
export const LISTING_EVERY_MS = 6 * 3_600_000;

/** Whether all refs are to be asked for: now and then, each machine at its own time, and whenever it is not sure what is known. */
export function isListingDue({ listed, error }: Observed, { asked, machineId, now }: ListingFacts): boolean {
  if (listed === null || error !== null || listed.asked !== asked || listed.at > now) return true;
  return dueTurn(intervalSchedule(LISTING_EVERY_MS, `${machineId} lists`), now) > listed.at;
}

// All of so few are soon told.
const FEW_REFS = 32;
// More than this is no narrow question, nor is half of everything.
const MOST_BYTES = 65_536;
// Of a place that is good to know of but not needed.
const MODEST_BYTES = 512;

// Of each listing: a poller asks the same again and again.
const questions = new WeakMap<readonly Ref[], { key: string; question: NarrowQuestion | null }>();

/** The narrow question; null: all refs are to be asked for. */
export function narrowQuestion({ refs, ...facts }: NarrowFacts): NarrowQuestion | null {
  const key = JSON.stringify(facts);
  const known = questions.get(refs);
  if (known?.key === key) return known.question;
  const question = refs.length <= FEW_REFS ? null : makeQuestion({ refs, ...facts });
  questions.set(refs, { key, question });
  return question;
}

/** Whether an answer says that nothing has changed. */
export function isAsExpected({ expected }: NarrowQuestion, answer: readonly Ref[]): boolean {
  const known = new Map(expected.map((ref) => [ref.name, idOf(ref)]));
  return answer.length === known.size && answer.every((ref) => known.get(ref.name) === idOf(ref));
}

/** How many bytes a question and its expected answer take, without what http puts around them. */
export function bytesOf({ prefixes, expected }: NarrowQuestion): number {
  return (
    FRAME_BYTES +
    prefixes.reduce((sum, prefix) => sum + askBytes(prefix), 0) +
    expected.reduce((sum, ref) => sum + tellBytes(ref), 0)
  );
}

function makeQuestion(facts: NarrowFacts): NarrowQuestion | null {
  const { refs, names, roomBytes } = facts;
  const ahead = wishesAhead(facts);
  if (ahead === null) return null;
  const wishes = [...names.map((prefix): Wish => ({ prefix, need: 'always' })), ...ahead];
  const prefixes = grant(wishes, refs, roomBytes);
  const expected = refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  const question = { prefixes, expected };
  const wholeBytes = refs.reduce((sum, ref) => sum + tellBytes(ref), 0);
  return bytesOf(question) > Math.min(MOST_BYTES, wholeBytes / 2) ? null : question;
}

function grant(wishes: readonly Wish[], refs: readonly Ref[], roomBytes: number): string[] {
  const granted: string[] = [];
  let left = roomBytes - FRAME_BYTES;
  for (const { prefix, need } of wishes) {
    if (granted.some((wider) => prefix.startsWith(wider)) || (need === 'spare' && left <= 0)) continue;
    const bytes = costOf(prefix, refs);
    if (bytes > { always: Infinity, modest: MODEST_BYTES, spare: left }[need]) continue;
    granted.push(prefix);
    left -= bytes;
  }
  return granted;
}

function costOf(prefix: string, refs: readonly Ref[]): number {
  const matching = refs.filter(({ name }) => name.startsWith(prefix));
  return matching.reduce((sum, ref) => sum + tellBytes(ref), askBytes(prefix));
}

// https://git-scm.com/docs/gitprotocol-v2#_ls_refs, as pkt-lines: `command=ls-refs`, a delimiter and a flush; a flush behind the answer.
const FRAME_BYTES = 20 + 4 + 4 + 4;

/** `ref-prefix <prefix>` */
function askBytes(prefix: string): number {
  return 4 + 'ref-prefix '.length + prefix.length + 1;
}

/** `<id> <name>` */
function tellBytes({ name, commit }: Ref): number {
  return 4 + commit.length + 1 + name.length + 1;
}

/** What the name itself reaches: for an annotated tag its own object. */
function idOf({ commit, object }: Ref): string {
  return object ?? commit;
}
