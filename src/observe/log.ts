import { appendFileSync } from 'node:fs';
import { plainLine } from '../domain/plain.js';
import { hideSecrets, redactUrls } from '../domain/redact.js';
import type { Report } from '../domain/report.js';
import type { Clock } from '../os/clock.js';

/** One line of a run's log. */
export interface LogLine {
  /** ISO time, as it stands in the file. */
  readonly at: string;
  readonly kind: 'step' | 'output';
  readonly text: string;
}

/** Writes a run's log, a line at a time, so that it is whole up to the moment of a crash. Secrets never reach it. */
export function openLog(
  path: string,
  { clock, secrets }: { clock: Clock; secrets: readonly string[] },
): Report {
  const write =
    (mark: string) =>
    (text: string): void => {
      const clean = cleanLine(text, secrets);
      try {
        appendFileSync(path, `${new Date(clock.now()).toISOString()} ${mark} ${clean}\n`, { mode: 0o600 });
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
