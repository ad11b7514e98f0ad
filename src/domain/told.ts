import { NOTICE_EVENTS, type Ended, type Notice, type NoticeEvent } from './notice.js';
import type { Instant, Release } from './release.js';
import { DAY_MS } from './zone.js';

/** What was told, so that each thing is told once. */
export interface Told {
  /** The newest end of a run that was told. A blocked run may end again. */
  readonly end: { readonly run: string; readonly at: Instant } | null;
  readonly concerns: readonly Concern[];
  /** How many notices there have been. */
  readonly count: number;
}

/** Something that was told and stands. */
export interface Concern {
  /** There is one concern about each thing: the runs, the drift, the line to the source, … */
  readonly about: string;
  /** The same mark is the same news. */
  readonly mark: string;
  readonly event: NoticeEvent;
  readonly release: Release | null;
  readonly since: Instant;
  readonly toldAt: Instant;
  readonly times: number;
}

/** What was told by now, and what is to be told. */
export interface News {
  readonly told: Told;
  readonly notices: readonly Notice[];
}

/** Whose news it is, and when. */
export interface Teller {
  readonly now: Instant;
  readonly machine: Notice['machine'];
  readonly root: string;
}

/** Something that may be news. */
export interface Matter extends Pick<Concern, 'about' | 'mark' | 'event'> {
  readonly from?: Release | null;
  readonly to: Release | null;
  readonly run?: string | null;
  readonly cause: string | null;
  /** When it began; now, unless somebody knows better. */
  readonly since?: Instant;
  /** It has happened once more, rather than that it still stands. */
  readonly again?: boolean;
}

/** Nothing was told yet, and the runs up to this end never will be. */
export function freshTold(end: Told['end']): Told {
  return { end, concerns: [], count: 0 };
}

/** What was told about a thing and stands, or null. */
export function concernAbout({ concerns }: Told, about: string): Concern | null {
  return concerns.find((concern) => concern.about === about) ?? null;
}

// What nags: the others are told and then known.
const REMINDED: readonly NoticeEvent[] = [
  ...(['failed', 'rolledBack', 'blocked', 'unverified', 'stuck'] as const),
  ...(['repaired', 'unrepaired', 'offline'] as const),
];

/** What a run may leave behind that a later one ends. */
export const TROUBLES: readonly NoticeEvent[] = ['failed', 'rolledBack', 'blocked', 'unverified', 'stuck'];

/** Tells a matter that is news, or that is to be told again; else only counts it. The same object comes back where nothing changes. */
export function tell(news: News, matter: Matter, teller: Teller): News {
  const known = concernAbout(news.told, matter.about);
  return known?.mark === matter.mark
    ? tellAgain(news, { matter, known }, teller)
    : tellFirst(news, { matter, known }, teller);
}

/** Tells that a concern is over, if there is one. */
export function end(news: News, matter: Omit<Matter, 'mark'>, teller: Teller): News {
  const known = concernAbout(news.told, matter.about);
  if (known === null) return news;
  const terms = { since: teller.now, times: 1, reminder: false, ends: endedOf(known) };
  return without(speak(news, matter, { ...terms, teller }), matter.about);
}

/** Lets a concern go without a word. */
export function without({ told, notices }: News, about: string): News {
  return {
    told: { ...told, concerns: told.concerns.filter((concern) => concern.about !== about) },
    notices,
  };
}

/** Keeps what stands now, in the place of what stood about the same thing. */
export function withConcern(news: News, concern: Concern): News {
  const { told, notices } = without(news, concern.about);
  return { told: { ...told, concerns: [...told.concerns, concern] }, notices };
}

interface Known<Of extends Concern | null> {
  readonly matter: Matter;
  readonly known: Of;
}

function tellFirst(news: News, { matter, known }: Known<Concern | null>, teller: Teller): News {
  const { about, mark, event, to: release, since = teller.now } = matter;
  const isEnd = event === 'activated' && known !== null && TROUBLES.includes(known.event);
  const ends = isEnd ? endedOf(known) : null;
  const spoken = speak(news, matter, { since, times: 1, reminder: false, ends, teller });
  return withConcern(spoken, { about, mark, event, release, since, times: 1, toldAt: teller.now });
}

function tellAgain(news: News, { matter, known }: Known<Concern>, teller: Teller): News {
  const { now } = teller;
  const times = known.times + (matter.again === true ? 1 : 0);
  // What was told in the future was told before the clock was set back.
  const toldAt = Math.min(known.toldAt, now);
  if (REMINDED.includes(known.event) && now - toldAt >= DAY_MS) {
    const terms = { since: known.since, times, reminder: true, ends: null, teller };
    return withConcern(speak(news, matter, terms), { ...known, times, toldAt: now });
  }
  const isSame = times === known.times && toldAt === known.toldAt;
  return isSame ? news : withConcern(news, { ...known, times, toldAt });
}

function endedOf({ event, since, times }: Concern): Ended {
  return { event, since, times };
}

interface Terms extends Pick<Notice, 'since' | 'times' | 'reminder' | 'ends'> {
  readonly teller: Teller;
}

function speak(
  { told, notices }: News,
  { event, from = null, to, run = null, cause }: Omit<Matter, 'mark'>,
  { teller: { now, machine, root }, ...terms }: Terms,
): News {
  const count = told.count + 1;
  const notice: Notice = {
    // A count begins anew where its record is lost: the moment tells two of the same number apart.
    id: `${machine.id}-${now.toString(36)}-${count}`,
    ...{ at: now, event, level: NOTICE_EVENTS[event], machine, root, from, to, run },
    ...{ cause: cause === null ? null : oneLine(cause), ...terms, release: null },
  };
  return { told: { ...told, count }, notices: [...notices, notice] };
}

const MOST_CAUSE_CHARS = 400;

function oneLine(text: string): string {
  const line = text.split('\n').find((each) => each.trim() !== '') ?? '';
  return line.length <= MOST_CAUSE_CHARS ? line.trim() : `${line.trim().slice(0, MOST_CAUSE_CHARS - 1)}…`;
}
