import type { Commit, Instant } from '../domain/release.js';

/** One step of HEAD's reflog: from `at` on the checkout was at `commit`. */
export interface HeadStep {
  readonly commit: Commit;
  readonly at: Instant;
}

/** Parses a reflog: `old new name <mail> seconds zone`, a tab, a message. A torn last line is left out. */
export function parseReflog(text: string): HeadStep[] {
  return text.split('\n').flatMap((line) => {
    const found = /^[0-9a-f]+ ([0-9a-f]{40,64}) .*> (\d+) [+-]\d{4}(?:\t|$)/.exec(line);
    return found === null ? [] : [{ commit: found[1] ?? '', at: Number(found[2]) * 1000 }];
  });
}
