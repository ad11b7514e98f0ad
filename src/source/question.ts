import type { Channel } from '../domain/channel.js';

/** Which refs are asked for: all tags and the branches or refs that channels name, if there are any channels, and others by their full names. */
export interface Question {
  readonly channels: readonly Channel[];
  readonly named?: readonly string[];
  /** Only of these places, if the way there can narrow: whatever begins with one of them. Null: of all. */
  readonly prefixes?: readonly string[] | null;
}

/** A question as git has it: whether all tags, and which refs by their full names; of all places, or of some. */
export interface Wanted {
  readonly tags: boolean;
  readonly names: ReadonlySet<string>;
  readonly prefixes: readonly string[] | null;
}

const TAGS = 'refs/tags/';

/** What a question comes to. */
export function wantedBy({ channels, named = [], prefixes = null }: Question): Wanted {
  const names = new Set([...channels.flatMap(namesOf), ...named]);
  return { tags: channels.length > 0, names, prefixes };
}

/** The least question, for who wants to know how a remote answers. */
export const LITTLE = wantedBy({ channels: [], named: ['HEAD'] });

/** Whether a ref was asked for. */
export function isWanted({ tags, names, prefixes }: Wanted, ref: string): boolean {
  const isThere = prefixes === null || prefixes.some((prefix) => ref.startsWith(prefix));
  return isThere && ((tags && ref.startsWith(TAGS)) || names.has(ref));
}

/** The least prefixes that cover what is wanted. A server tells whatever begins with one of them. */
export function prefixesOf({ tags, names, prefixes }: Wanted): readonly string[] {
  if (prefixes !== null) return prefixes;
  const others = [...names].filter((name) => !(tags && name.startsWith(TAGS)));
  return tags ? [TAGS, ...others] : others;
}

function namesOf(channel: Channel): string[] {
  if (channel.kind === 'branch') return [`refs/heads/${channel.branch}`];
  if (channel.kind !== 'ref') return [];
  return channel.ref.startsWith('refs/')
    ? [channel.ref]
    : [`refs/heads/${channel.ref}`, `refs/${channel.ref}`];
}

// What git's own server puts around its answer, and what we put around the question; without the address and credentials.
const HEAD_BYTES = 286 + 168;
// A look that finds nothing stays below a kilobyte, both ways together.
const LOOK_BYTES = 1_000;

/** How many bytes a narrow question and its answer may take in a look at a remote, if that is to stay small. */
export function roomFor({ url, basic }: { readonly url: string; readonly basic: string | null }): number {
  const keyBytes = basic === null ? 0 : 'authorization: Basic \r\n'.length + basic.length;
  return LOOK_BYTES - HEAD_BYTES - url.length - keyBytes;
}
