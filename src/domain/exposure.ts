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
