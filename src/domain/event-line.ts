import { plainJson } from './plain.js';
import type { Instant } from './release.js';

/** How much a line matters, the least first. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type Level = (typeof LEVELS)[number];

/** Something that happened, as the log of a poller tells it. */
export interface EventLine {
  readonly at: Instant;
  readonly level: Level;
  /** One word for programs. */
  readonly event: string;
  /** A sentence for people. */
  readonly message: string;
  /** What a program may want to know besides. */
  readonly about: Readonly<Record<string, string | null>>;
}

/** Whether a line is to be told where `least` is the least that is. */
export function matters(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** A line for people. */
export function prettyLine({ at, message }: EventLine): string {
  return `${new Date(at).toISOString()}  ${message}`;
}

/** A line for programs: one JSON object. */
export function jsonEventLine({ at, level, event, message, about }: EventLine): string {
  return plainJson(JSON.stringify({ at: new Date(at).toISOString(), level, event, message, ...about }));
}
