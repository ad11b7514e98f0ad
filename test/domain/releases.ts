import type { Ref, Release } from '../../src/domain/release.js';

/** A commit id of one repeated hex digit, or of a number's digits. */
export function commit(n: number): string {
  return n.toString(16).padStart(2, '0').repeat(20);
}

/** A release with the tag and the nth commit. */
export function release(tag: string, n: number): Release {
  return { tag, commit: commit(n), ref: `refs/tags/${tag}` };
}

/** Tags as refs of the source, each with a commit of its own. */
export function tagRefs(...tags: readonly string[]): Ref[] {
  return tags.map((tag, index) => ({ name: `refs/tags/${tag}`, commit: commit(index + 1) }));
}
