const EVERY_MS = 1_000;

/** Passes on every line but thins out progress (`Receiving objects:  12% …`) to about one line a second; ends are always told. */
export function sparsely(tell: (line: string) => void): (line: string) => void {
  let quietUntil = 0;
  return (line) => {
    if (line.trim() === '') return;
    const percent = /\b(\d{1,3})%/.exec(line)?.[1];
    if (percent !== undefined && percent !== '100') {
      // Only a measure of politeness towards the log; nothing is decided by this time.
      if (performance.now() < quietUntil) return;
      quietUntil = performance.now() + EVERY_MS;
    }
    tell(line.trimEnd());
  };
}
