import * as v from 'valibot';
import { LEVELS, type Level } from '../domain/event-line.js';
import { section, text } from './forms.js';
import { shown } from './issues.js';
import { parseSize } from './size.js';

// What of `gitops.json` says how `pm2-gitops run` tells what happens.

/** How the poller's own lines are written, and where to. */
export interface LogConfig {
  readonly format: LogFormat;
  /** The least that is told. */
  readonly level: Level;
  /** Relative to the root; null: to the standard output. */
  readonly file: string | null;
  /** From this size on a file makes way for a new one. */
  readonly maxBytes: number;
  /** How many files there are at most, the one that is written included. */
  readonly keep: number;
}

/** `pretty`: for people; `json`: an object in each line. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The formats of a log. */
export const LOG_FORMATS = ['pretty', 'json'] as const;

const SMALLEST_BYTES = 100_000;
const LARGEST_BYTES = 1_000_000_000;

const size = v.pipe(
  text,
  v.rawTransform<string, number>(({ dataset: { value }, addIssue, NEVER }) => {
    const bytes = parseSize(value);
    if (bytes !== null && bytes >= SMALLEST_BYTES && bytes <= LARGEST_BYTES) return bytes;
    addIssue({ message: `${shown(value)} is no size from "100KB" to "1GB"; write "10MB"` });
    return NEVER;
  }),
);

/** `log` as people write it. */
export const logForm = section({
  format: v.optional(v.picklist(LOG_FORMATS, 'must be "pretty" or "json"'), 'pretty'),
  level: v.optional(v.picklist(LEVELS, 'must be "debug", "info", "warn" or "error"'), 'info'),
  file: v.optional(text),
  maxSize: v.optional(size, '10MB'),
  keep: v.optional(
    v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(2, 'must be at least 2'),
      v.maxValue(100, 'must be at most 100'),
    ),
    5,
  ),
});

/** The log with what was not written. */
export function logFrom({ format, level, file, maxSize, keep }: v.InferOutput<typeof logForm>): LogConfig {
  return { format, level, file: file ?? null, maxBytes: maxSize, keep };
}
