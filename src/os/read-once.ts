import { stateAt, type FileState } from './file-at.js';

/** A reader that remembers what it read, and what its writer tells it. What it gives must not be changed. */
export interface RememberedFile<T> {
  /** Reads a file or a folder again only where it is another one by now, or was written to. */
  read(path: string): Promise<T | null>;
  /** What its only writer has just written. */
  keep(path: string, value: T): void;
}

interface Terms {
  /** Whether it is replaced as a whole, or only grows, as records are; or is written to in place, as people's files are, and folders always. */
  readonly changes?: 'whole' | 'inPlace';
}

// A poller reads two dozen, of each root.
const MOST_KNOWN = 128;

/** Remembers what `read` reads. */
export function rememberFile<T>(
  read: (path: string) => Promise<T | null>,
  { changes = 'whole' }: Terms = {},
): RememberedFile<T> {
  const known = new Map<string, { readonly id: string; readonly value: T }>();
  const remember = (path: string, state: FileState | null, value: T | null): void => {
    known.delete(path);
    const isBelieved = state !== null && (state.settled || (changes === 'whole' && !state.isFolder));
    if (isBelieved && value !== null) known.set(path, { id: state.id, value });
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? '');
  };
  return {
    async read(path) {
      const state = stateAt(path);
      const found = known.get(path);
      if (state !== null && found?.id === state.id) return found.value;
      const value = state === null ? null : await read(path);
      // What was written meanwhile makes it another file at the next reading.
      remember(path, state, value);
      return value;
    },
    keep: (path, value) => {
      remember(path, stateAt(path), value);
    },
  };
}

/** Remembers what `read` reads, and is told nothing. */
export function readOnce<T>(
  read: (path: string) => Promise<T | null>,
  terms: Terms = {},
): (path: string) => Promise<T | null> {
  const file = rememberFile(read, terms);
  return (path) => file.read(path);
}
