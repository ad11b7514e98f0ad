import type { LogBounds } from '../domain/cut-log.js';
import { plainLine } from '../domain/plain.js';
import { hideSecrets, redactUrls } from '../domain/redact.js';
import type { Report } from '../domain/report.js';
import type { Clock } from '../os/clock.js';
import { openBoundedFile } from './bounded-file.js';

/** One line of a run's log. */
export interface LogLine {
  /** ISO time, as it stands in the file. */
  readonly at: string;
  readonly kind: 'step' | 'output';
  readonly text: string;
}

// A build that never stops talking must not fill the disk: how it began and how it ended is kept.
const BOUNDS: LogBounds = { most: 8_000_000, head: 2_000_000, tail: 4_000_000 };

/** Writes a run's log, a line at a time, so that it is whole up to the moment of a crash. Secrets never reach it. Past 8 MB its middle is cut out. */
export function openLog(
  path: string,
  { clock, secrets, bounds = BOUNDS }: { clock: Clock; secrets: readonly string[]; bounds?: LogBounds },
): Report {
  const now = (): string => new Date(clock.now()).toISOString();
  const file = openBoundedFile(path, bounds, now);
  const write =
    (mark: string) =>
    (text: string): void => {
      const clean = cleanLine(text, secrets);
      try {
        file.append(`${now()} ${mark} ${clean}\n`);
      } catch {
        // A full disk must not stop an upgrade, and least of all a way back.
      }
    };
  return { step: write('*'), output: write('|') };
}

/** Reads a line of a log; null for what is none. */
export function parseLogLine(line: string): LogLine | null {
  const [, at, mark, text] = /^(\S+Z) ([*|]) (.*)$/.exec(line) ?? [];
  if (at === undefined || text === undefined || Number.isNaN(Date.parse(at))) return null;
  return { at, kind: mark === '*' ? 'step' : 'output', text };
}

/** A line as it may be shown and kept: no control characters, no credentials of a URL, none of these secrets. */
export function cleanLine(text: string, secrets: readonly string[]): string {
  return hideSecrets(redactUrls(plainLine(text)), secrets);
}
