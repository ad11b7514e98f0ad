import type { Notice } from './notice.js';
import { LONGEST_GRANT_MS } from './outage.js';
import type { Instant } from './release.js';
import { isWanted, type Taste } from './notice.js';

/** What is still to be sent, oldest first, and how it goes with each sink. */
export interface Outbox {
  readonly letters: readonly Letter[];
  readonly lines: Readonly<Record<string, Line>>;
  /** How many letters had no room. */
  readonly dropped: number;
}

/** A notice, and the sinks that do not have it yet. */
export interface Letter {
  readonly notice: Notice;
  readonly to: readonly string[];
}

/** How it goes with a sink. */
export interface Line {
  /** Failures in a row. */
  readonly failures: number;
  /** It is left alone until then. */
  readonly until: Instant | null;
  /** Why the last try failed, without any secret; null: it did not. */
  readonly error: string | null;
  readonly at: Instant;
}

/** What came of sending a letter. */
export type Reception =
  | { readonly kind: 'taken' }
  /** Not now: out of reach, too many, or the door is shut until somebody mends it. */
  | { readonly kind: 'later'; readonly why: string; readonly retryAfterMs: number | null }
  /** This letter will never be taken. */
  | { readonly kind: 'refused'; readonly why: string };

export const EMPTY_OUTBOX: Outbox = { letters: [], lines: {}, dropped: 0 };

/** So many letters are kept. */
export const MOST_LETTERS = 100;

const MINUTE_MS = 60_000;
const LONGEST_REST_MS = 60 * MINUTE_MS;

/** The outbox with new notices for those who want them. The oldest go where there are too many, and what is for sinks that are no more. */
export function withNotices(
  outbox: Outbox,
  notices: readonly Notice[],
  sinks: Readonly<Record<string, Taste>>,
): Outbox {
  const names = Object.keys(sinks);
  const kept = outbox.letters.map(({ notice, to }) => ({
    notice,
    to: to.filter((name) => Object.hasOwn(sinks, name)),
  }));
  const fresh = notices.map((notice) => ({
    notice,
    to: Object.entries(sinks).flatMap(([name, taste]) => (isWanted(notice, taste) ? [name] : [])),
  }));
  const letters = [...kept, ...fresh].filter(({ to }) => to.length > 0);
  const lines = Object.fromEntries(Object.entries(outbox.lines).filter(([name]) => names.includes(name)));
  return shortened({ letters, lines, dropped: outbox.dropped }, MOST_LETTERS);
}

/** The outbox with its newest letters alone. */
export function shortened(outbox: Outbox, most: number): Outbox {
  const surplus = outbox.letters.length - most;
  if (surplus <= 0) return outbox;
  return { ...outbox, letters: outbox.letters.slice(surplus), dropped: outbox.dropped + surplus };
}

/** The next letter for a sink; null: there is none, or it is to be left alone for now. */
export function nextLetter({ letters, lines }: Outbox, sink: string, now: Instant): Letter | null {
  return isResting(lines[sink], now) ? null : (letters.find(({ to }) => to.includes(sink)) ?? null);
}

/** Whether anything can be sent now. */
export function isDue({ letters, lines }: Outbox, now: Instant): boolean {
  return letters.some(({ to }) => to.some((sink) => !isResting(lines[sink], now)));
}

/** The outbox after a letter was sent, or was to be. A sink that fails rests for a minute, then ever longer, an hour at most; or for as long as it asks. */
export function afterSending(
  outbox: Outbox,
  { id, sink, at, reception }: { id: string; sink: string; at: Instant; reception: Reception },
): Outbox {
  const before = outbox.lines[sink]?.failures ?? 0;
  if (reception.kind === 'later') {
    const { why: error, retryAfterMs } = reception;
    const restMs = Math.max(
      retryAfterMs ?? 0,
      Math.min(MINUTE_MS * 2 ** Math.min(before, 10), LONGEST_REST_MS),
    );
    const until = at + Math.min(restMs, LONGEST_GRANT_MS);
    return withLine(outbox, sink, { failures: before + 1, until, error, at });
  }
  const letters = outbox.letters
    .map(({ notice, to }) => ({ notice, to: notice.id === id ? to.filter((name) => name !== sink) : to }))
    .filter(({ to }) => to.length > 0);
  const isTaken = reception.kind === 'taken';
  const error = isTaken ? null : reception.why;
  const dropped = outbox.dropped + (isTaken ? 0 : 1);
  return withLine({ ...outbox, letters, dropped }, sink, { failures: 0, until: null, error, at });
}

function withLine(outbox: Outbox, sink: string, line: Line): Outbox {
  return { ...outbox, lines: { ...outbox.lines, [sink]: line } };
}

/** A rest that lies too far ahead is from before the clock was set back. */
function isResting(line: Line | undefined, now: Instant): boolean {
  const until = line?.until ?? now;
  return until > now && until <= now + LONGEST_GRANT_MS;
}
