import { fileAt } from '../os/file-at.js';

// A poller reads a dozen, of each root.
const MOST_KNOWN = 64;

/** A reader that reads a file again only where it is another one by now, or was written to. What it gives must not be changed. */
export function readOnce<T>(read: (path: string) => Promise<T | null>): (path: string) => Promise<T | null> {
  const known = new Map<string, { readonly file: string; readonly value: T }>();
  return async (path) => {
    const file = await fileAt(path);
    const found = known.get(path);
    if (file !== null && found?.file === file) return found.value;
    known.delete(path);
    const value = file === null ? null : await read(path);
    // What was written meanwhile makes it another file at the next reading.
    if (file !== null && value !== null) known.set(path, { file, value });
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? '');
    return value;
  };
}
