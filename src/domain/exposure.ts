import type { Instant } from './release.js';

/** Of all machines the share that have taken a release at each of the moments; these and those grow. `taken` holds a moment for each machine that takes it. */
export function exposureAt(taken: readonly Instant[], total: number, moments: readonly Instant[]): number[] {
  const sorted = taken.toSorted((a, b) => a - b);
  let count = 0;
  return moments.map((moment) => {
    while (count < sorted.length && (sorted[count] ?? Infinity) <= moment) count += 1;
    return total === 0 ? 0 : count / total;
  });
}

/** The most machines that take a release within a span, and from when on; `from` is null where none does. */
export function densest(
  taken: readonly Instant[],
  spanMs: number,
): { readonly count: number; readonly from: Instant | null } {
  const sorted = taken.toSorted((a, b) => a - b);
  let best: { count: number; from: Instant | null } = { count: 0, from: null };
  let end = 0;
  for (const [begin, from] of sorted.entries()) {
    while (end < sorted.length && (sorted[end] ?? Infinity) < from + spanMs) end += 1;
    if (end - begin > best.count) best = { count: end - begin, from };
  }
  return best;
}
