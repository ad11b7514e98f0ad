import type { Instant, Release } from './release.js';

/** How much a notice matters, least first. */
export const LEVELS = ['info', 'warning', 'problem'] as const;

export type Level = (typeof LEVELS)[number];

/** Everything that is told, and how much it matters. */
export const NOTICE_EVENTS = {
  activated: 'info',
  rolledBack: 'problem',
  failed: 'problem',
  blocked: 'warning',
  unverified: 'problem',
  stuck: 'problem',
  recovered: 'info',
  repaired: 'warning',
  unrepaired: 'problem',
  staged: 'info',
  approval: 'warning',
  held: 'info',
  resumed: 'info',
  offline: 'warning',
  online: 'info',
  tampered: 'problem',
  test: 'info',
} as const satisfies Record<string, Level>;

export type NoticeEvent = keyof typeof NOTICE_EVENTS;

/** What is told to people of one machine, once. It holds no secret. */
export interface Notice {
  /** Another one for each notice of all machines: who gets it twice can tell. */
  readonly id: string;
  readonly at: Instant;
  readonly event: NoticeEvent;
  readonly level: Level;
  readonly machine: { readonly id: string; readonly name: string };
  readonly root: string;
  /** What served before, or serves. */
  readonly from: Release | null;
  /** What it is about. */
  readonly to: Release | null;
  readonly run: string | null;
  /** Why, in one line. */
  readonly cause: string | null;
  /** When it began, and how often it has come since. */
  readonly since: Instant;
  readonly times: number;
  /** It was told before, and goes on. */
  readonly reminder: boolean;
  /** The trouble that is over with it. */
  readonly ends: Ended | null;
  /** What people say of the release, where they say something. */
  readonly release: ReleaseNotes | null;
}

/** A trouble that is over. */
export interface Ended {
  readonly event: NoticeEvent;
  readonly since: Instant;
  readonly times: number;
}

/** What a release's people write about it. */
export interface ReleaseNotes {
  readonly title: string;
  readonly notes: string;
}

/** What a sink wants to hear. */
export interface Taste {
  /** The least level. */
  readonly level: Level;
  /** Null: all events. */
  readonly events: readonly NoticeEvent[] | null;
}

/** Whether a sink wants a notice. Who heard of a trouble also hears that it is over. */
export function isWanted({ event, ends }: Pick<Notice, 'event' | 'ends'>, taste: Taste): boolean {
  return suits(event, taste) || (ends !== null && suits(ends.event, taste));
}

function suits(event: NoticeEvent, { level, events }: Taste): boolean {
  const isGrave = LEVELS.indexOf(NOTICE_EVENTS[event]) >= LEVELS.indexOf(level);
  return isGrave && (events === null || events.includes(event));
}
