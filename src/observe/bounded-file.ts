import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { cutLog, type LogBounds } from '../domain/cut-log.js';

/** Where the lines of a log go. */
export interface BoundedFile {
  /** Appends a line with its end. Throws what the system says. */
  append(line: string): void;
}

/** A file that loses its middle when it becomes too long: how a run began and how it ended matter most. It is whole up to the moment of a crash. */
export function openBoundedFile(path: string, bounds: LogBounds, now: () => string): BoundedFile {
  let cutAt = bounds.most;
  let size: number | null = null;
  return {
    append: (line) => {
      size ??= sizeOf(path);
      appendFileSync(path, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
      if (size <= cutAt) return;
      // Where the disk has no room for the shorter one, it is tried again only much later.
      cutAt = size + bounds.tail;
      cutFile(path, bounds, now());
      size = sizeOf(path);
      cutAt = bounds.most;
    },
  };
}

/** Bytes are characters here: nothing is cut within one. */
function cutFile(path: string, bounds: LogBounds, at: string): void {
  const text = cutLog(readFileSync(path, 'latin1'), at, bounds);
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text, { encoding: 'latin1', mode: 0o600, flush: true });
  renameSync(temporary, path);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
