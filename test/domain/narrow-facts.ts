import type { Channel } from '../../src/domain/channel.js';
import type { NarrowFacts, NarrowQuestion } from '../../src/domain/narrow.js';
import type { Ref } from '../../src/domain/release.js';

/** As much as a look over http leaves. */
export const ROOM_BYTES = 500;

/** More than a listing of all would be asked for anyway. */
export const CROWD = Array.from({ length: 40 }, (_, n) => `noise-${n}`);

/** What git answers: names that begin with one of the prefixes, and their own ids. */
export function answerTo({ prefixes }: NarrowQuestion, refs: readonly Ref[]): Ref[] {
  return refs
    .filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
    .map((ref) => ({ name: ref.name, commit: ref.object ?? ref.commit }));
}

/** What a narrow question is made from, as far as it matters. */
export function factsOf(
  refs: readonly Ref[],
  channel: Channel,
  more: Partial<NarrowFacts> = {},
): NarrowFacts {
  return {
    refs,
    channel,
    active: null,
    withdrawn: [],
    tagPrefix: '',
    names: [],
    roomBytes: ROOM_BYTES,
    ...more,
  };
}
