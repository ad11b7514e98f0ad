import { movedTags, trustedRefs, type MovedTag } from '../domain/observed.js';
import { readObserved } from '../state/observed-store.js';
import type { Root } from './root.js';

/** The version tags that stand elsewhere now than where this machine first saw them. */
export async function movedNow({ layout }: Root): Promise<readonly MovedTag[]> {
  const observed = await readObserved(layout);
  // Of the same listing that is known already.
  return observed === null || trustedRefs(observed) === observed.refs ? [] : movedTags(observed);
}
