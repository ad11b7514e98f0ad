/**
 * For how long a server wants to be left alone, in milliseconds; null if it does not say so in a way that is understood.
 * A moment is read against the server's own clock (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after).
 */
export function retryAfterMs(value: string | undefined, date: string | undefined): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const spanMs = Date.parse(value) - Date.parse(date ?? '');
  return Number.isNaN(spanMs) ? null : Math.max(0, spanMs);
}
