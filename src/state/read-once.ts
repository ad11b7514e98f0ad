import { stateAt } from '../os/file-at.js';

// A poller reads a dozen, of each root.
const MOST_KNOWN = 64;

/** A reader that reads a file or a folder again only where it is another one by now, or was written to. What it gives must not be changed. */
export function readOnce<T>(read: (path: string) => Promise<T | null>): (path: string) => Promise<T | null> {
  const known = new Map<string, { readonly id: string; readonly value: T }>();
  return async (path) => {
    const state = await stateAt(path);
    const found = known.get(path);
    if (state !== null && found?.id === state.id) return found.value;
    known.delete(path);
    const value = state === null ? null : await read(path);
    // What was written meanwhile makes it another file at the next reading.
    if (state?.settled === true && value !== null) known.set(path, { id: state.id, value });
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? '');
    return value;
  };
}
