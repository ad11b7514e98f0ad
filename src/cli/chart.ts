import type { Instant } from '../domain/release.js';

/** Shares, in [0, 1], at moments that are equally far from each other. */
export interface Curve {
  readonly shares: readonly number[];
  readonly from: Instant;
  readonly to: Instant;
  /** A moment as it is written below the curve. */
  readonly say: (at: Instant) => string;
}

const ROWS = 6;
// A curve that stays low is drawn larger, and its label says so.
const TOPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5] as const;
const BLOCKS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** A curve of shares over time, one column for each; `plain`: in ASCII. */
export function renderChart({ shares, from, to, say }: Curve, plain: boolean): string {
  const [bar, corner, dash] = plain ? ['|', '+', '-'] : ['│', '└', '─'];
  const highest = shares.reduce((most, share) => Math.max(most, share), 0);
  const top = (highest > 0 ? TOPS.find((each) => each >= highest) : undefined) ?? 1;
  const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const row = ROWS - 1 - index;
    const label = row === ROWS - 1 ? percent(top) : row === ROWS / 2 - 1 ? percent(top / 2) : '';
    const cells = shares.map((share) => cell((share / top) * ROWS - row, plain)).join('');
    return `${label.padStart(5)} ${bar}${cells}`.trimEnd();
  });
  return [
    ...rows,
    `${' '.repeat(6)}${corner}${dash.repeat(shares.length)}`,
    axis({ shares, from, to, say }),
  ].join('\n');
}

/** How full one cell of a column is. */
function cell(filled: number, plain: boolean): string {
  if (plain) return filled >= 0.5 ? '#' : ' ';
  const eighths = Math.ceil(Math.max(0, Math.min(1, filled)) * 8);
  return BLOCKS[eighths] ?? ' ';
}

function axis({ shares, from, to, say }: Curve): string {
  const [left, middle, right] = [from, (from + to) / 2, to].map(say);
  const width = shares.length;
  const begin = left ?? '';
  const half = (middle ?? '').padStart(Math.floor(width / 2 + (middle ?? '').length / 2) - begin.length);
  return `${' '.repeat(7)}${begin}${half}${(right ?? '').padStart(width - begin.length - half.length)}`;
}
