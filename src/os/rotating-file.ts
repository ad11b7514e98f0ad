import { appendFileSync, renameSync, statSync } from 'node:fs';
import { hasErrno } from './errno.js';

/** How long a file may become, and how many there may be, the one that is written included: two at least. */
export interface RotationBounds {
  readonly maxBytes: number;
  readonly keep: number;
}

/**
 * Appends a line to a file for its owner only. A file that has become too long makes way for a new one first: `x` becomes `x.1`, that `x.2`, and the oldest goes.
 * Throws what the system says where the line cannot be written.
 */
export function appendRotating(path: string, line: string, bounds: RotationBounds): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && size + Buffer.byteLength(line) > bounds.maxBytes) rotate(path, bounds.keep);
  appendFileSync(path, line, { mode: 0o600 });
}

function rotate(path: string, keep: number): void {
  const names = [path, ...Array.from({ length: keep - 1 }, (_, n) => `${path}.${n + 1}`)];
  for (let n = names.length - 1; n > 0; n--) renameIfAny(names[n - 1] ?? path, names[n] ?? path);
}

function renameIfAny(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Windows does not move what somebody has open: then it grows until the next line.
    if (!hasErrno(error, 'ENOENT', 'EPERM', 'EACCES', 'EBUSY')) throw error;
  }
}
