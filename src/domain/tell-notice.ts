import type { Notice, NoticeEvent, ReleaseNotes } from './notice.js';
import { plainLine, plainText } from './plain.js';
import { describeRelease, type Instant, type Release } from './release.js';

/** A notice as people read it: one sentence, facts with their names, what to type, and what people say of the release. No markup, and nothing that is not seen. */
export interface NoticeText {
  readonly headline: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Title first; null where nobody says anything. */
  readonly notes: string | null;
}

/** Puts a notice into words. */
export function tellNotice(notice: Notice): NoticeText {
  const { machine, root, run, cause, release } = notice;
  const facts: (readonly [string, string | null])[] = [
    ['machine', machine.name],
    ['root', root],
    ['change', changeOf(notice)],
    ['cause', cause],
    ['how long', durationOf(notice)],
    ['run', run],
    ['type', typeOf(notice)],
  ];
  return {
    headline: plainLine(`${MARKS[notice.level]} ${machine.name}: ${headlineOf(notice)}`),
    facts: facts.flatMap(([name, value]) =>
      value === null || value === '' ? [] : [[name, plainLine(value)] as const],
    ),
    notes: notesOf(release),
  };
}

/** The same as one text of at most so many units as `sizeOf` counts them (characters, unless told): the notes are cut first. */
export function asText(
  { headline, facts, notes }: NoticeText,
  most: number,
  sizeOf: (text: string) => number = (text) => text.length,
): string {
  const head = [headline, ...facts.map(([name, value]) => `${name}: ${value}`)].join('\n');
  return cut(notes === null ? head : `${head}\n\n${notes}`, most, sizeOf);
}

/** A text of at most so many units, with a mark where something was cut off; no character is cut in two. */
export function cut(
  text: string,
  most: number,
  sizeOf: (text: string) => number = (whole) => whole.length,
): string {
  if (sizeOf(text) <= most) return text;
  const characters = Array.from(text);
  let [fits, tooMany] = [0, characters.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (sizeOf(`${characters.slice(0, middle).join('')}…`) <= most) fits = middle;
    else tooMany = middle;
  }
  return `${characters.slice(0, fits).join('')}…`;
}

function notesOf(release: ReleaseNotes | null): string | null {
  const notes = release === null ? '' : plainText(`${release.title}\n${release.notes}`).trim();
  return notes === '' ? null : notes;
}

const MARKS = { info: '✓', warning: '!', problem: '✗' } as const;

function headlineOf(notice: Notice): string {
  const { event, from, to, reminder, ends } = notice;
  const [now, before] = [nameOf(to), from === null ? 'what was there' : nameOf(from)];
  const sentences: Record<NoticeEvent, string> = {
    activated: `${now} runs`,
    rolledBack: `${now} was rolled back, ${before} serves`,
    failed: `${now} failed, ${before} serves`,
    blocked: `${now} has to wait`,
    unverified: `${now} is refused: it is not signed as it has to be`,
    stuck: `stuck on the way to ${now}: an operator is needed`,
    recovered: `${now} is asked for no more, ${before} serves`,
    repaired: `what had drifted from ${now} was put right`,
    unrepaired: `what has drifted from ${now} could not be put right`,
    staged: `${now} is ready and waits`,
    approval: `${now} waits for approval`,
    held: 'held: nothing is changed',
    resumed: 'held no more',
    offline: 'the source is lost',
    online: 'the source is back',
    tampered: 'a version tag was moved',
    test: 'a test: notices reach this place',
  };
  const again = reminder ? 'still: ' : '';
  const after = event === 'activated' && ends !== null ? `, after ${count(ends.times, 'failure')}` : '';
  return `${again}${sentences[event]}${after}`;
}

function nameOf(release: Release | null): string {
  return release === null ? 'a release' : describeRelease(release);
}

function changeOf({ from, to }: Notice): string | null {
  if (to === null || from?.commit === to.commit) return null;
  return from === null ? describeRelease(to) : `${describeRelease(from)} → ${describeRelease(to)}`;
}

function durationOf({ at, since, times, ends }: Notice): string | null {
  if (ends !== null) return `since ${moment(ends.since)}, over now`;
  if (times > 1) return `${times} times since ${moment(since)}`;
  return at - since < 60_000 ? null : `since ${moment(since)}`;
}

/** What a person can do about it; the root is told beside it. */
function typeOf({ event, run, to }: Notice): string | null {
  const log = run === null ? 'pm2-gitops logs' : `pm2-gitops logs ${run}`;
  const hints: Partial<Record<NoticeEvent, string>> = {
    rolledBack: `${log}; mend it and tag a new version, or try it again: pm2-gitops retry ${to?.tag ?? ''}`,
    failed: log,
    unrepaired: log,
    blocked: 'pm2-gitops status',
    unverified: 'pm2-gitops status; sign the tag, or tag a new version',
    stuck: `${log}; then pm2-gitops retry`,
    approval: `pm2-gitops approve ${to?.tag ?? ''}`,
    held: 'pm2-gitops resume',
    offline: 'pm2-gitops doctor',
    tampered: 'pm2-gitops status',
  };
  return hints[event] ?? null;
}

function count(times: number, what: string): string {
  return times === 1 ? `a ${what}` : `${times} ${what}s`;
}

function moment(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
