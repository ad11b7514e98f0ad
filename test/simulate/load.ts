/** How many looks fall into a second, or into any other piece of time. */
export interface Load {
  readonly mean: number;
  readonly most: number;
  /** 99 of 100 pieces have at most so many. */
  readonly percentile99: number;
}

/** The load of pieces of so many seconds each; one that is cut off at the end does not count. */
export function loadOf(perSecond: Uint32Array, seconds = 1): Load {
  const pieces: number[] = [];
  for (let from = 0; from + seconds <= perSecond.length; from += seconds)
    pieces.push(perSecond.subarray(from, from + seconds).reduce((sum, count) => sum + count, 0));
  const sorted = pieces.toSorted((a, b) => a - b);
  const total = pieces.reduce((sum, count) => sum + count, 0);
  return {
    mean: pieces.length === 0 ? 0 : total / pieces.length,
    most: sorted.at(-1) ?? 0,
    percentile99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0,
  };
}
