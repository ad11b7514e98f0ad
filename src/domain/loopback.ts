/** Whether an IP address is one that only its own machine can reach (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export function isLoopback(host: string): boolean {
  const bytes = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)?.slice(1) ?? [];
  return host === '::1' || (bytes.length === 3 && bytes.every((byte) => Number(byte) <= 255));
}
