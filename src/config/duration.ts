const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** How people are told to write a time span. */
export const DURATION_FORMS = '"500ms", "2s", "5m", "1h", "2d" or a number of milliseconds';

/** Milliseconds of a text such as `500ms`, `2s`, `1.5h` or `1h 30m`; null where it is none. */
export function parseDuration(text: string): number | null {
  const parts = /^(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+$/.test(text)
    ? text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhdw])/g)
    : null;
  if (parts === null) return null;
  let total = 0;
  for (const [, count, unit] of parts) total += Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  return Number.isFinite(total) ? Math.round(total) : null;
}
