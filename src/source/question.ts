import type { Channel } from '../domain/channel.js';

/** Which refs are asked for: all tags and the branches or refs that channels name, if there are any channels, and others by their full names. */
export interface Question {
  readonly channels: readonly Channel[];
  readonly named?: readonly string[];
}

/** A question as git has it: whether all tags, and which refs by their full names. */
export interface Wanted {
  readonly tags: boolean;
  readonly names: ReadonlySet<string>;
}

const TAGS = 'refs/tags/';

/** What a question comes to. */
export function wantedBy({ channels, named = [] }: Question): Wanted {
  return { tags: channels.length > 0, names: new Set([...channels.flatMap(namesOf), ...named]) };
}

/** The least question, for who wants to know how a remote answers. */
export const LITTLE = wantedBy({ channels: [], named: ['HEAD'] });

/** Whether a ref was asked for. */
export function isWanted({ tags, names }: Wanted, ref: string): boolean {
  return (tags && ref.startsWith(TAGS)) || names.has(ref);
}

/** The least prefixes that cover what is wanted. A server tells whatever begins with one of them. */
export function prefixesOf({ tags, names }: Wanted): string[] {
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
