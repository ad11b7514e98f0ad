/** Several values of one thing, as they are told: the middle, and how far apart they were. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The spread of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = NaN, high = NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, lowest: sorted[0] ?? NaN, highest: sorted.at(-1) ?? NaN };
}

/** How many times as long the first took, round by round: what disturbs a round disturbs both. */
export function ratiosOf(theirs: readonly number[], ours: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => (theirs[round] ?? NaN) / value));
}
