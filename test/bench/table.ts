import type { Spread } from './numbers.js';

/** Rows of cells as aligned lines: the first column to the left, all others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('   ')
      .trimEnd(),
  );
}

/** `1.9 s (1.7–2.4)` of milliseconds. */
export function seconds({ median, lowest, highest }: Spread): string {
  const [middle, low, high] = [median, lowest, highest].map((ms) => (ms / 1000).toFixed(2));
  return `${middle ?? ''} s (${low ?? ''}–${high ?? ''})`;
}

/** `3.1x (2.8–3.4)`. */
export function times({ median, lowest, highest }: Spread): string {
  const [middle, low, high] = [median, lowest, highest].map((ratio) => ratio.toFixed(1));
  return `${middle ?? ''}x (${low ?? ''}–${high ?? ''})`;
}

/** `31 ms`. */
export function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

/** `812 B`, `61 kB`, `6.1 MB`. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count.toFixed(0)} B`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

/** Rows as the lines of a table under a title. */
export function indented(rows: readonly (readonly string[])[]): string[] {
  return table(rows).map((line) => `  ${line}`);
}
