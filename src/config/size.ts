const UNIT_BYTES: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9 };

/** Bytes of a text such as `10MB`; null where it is none. */
export function parseSize(text: string): number | null {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMG]B)$/i.exec(text.trim()) ?? [];
  const bytes = UNIT_BYTES[unit.toUpperCase()];
  return count === undefined || bytes === undefined ? null : Math.round(Number(count) * bytes);
}
