const EVERY_MS = 1_000;
// What git says of every fetch, however short: of no use to the reader of a log.
const CHATTER =
  /^(?:remote: (?:Enumerating|Counting|Compressing|Total)\b|From |\s*[*+-] \[|\s*[0-9a-f]+\.\.)/;

/** Passes on what git prints, its progress (`Receiving objects:  12% …`) once a second of long work and its chatter not at all. */
export function sparsely(tell: (line: string) => void): (line: string) => void {
  // Only a measure of politeness towards the log; nothing is decided by this time.
  let quietUntil = performance.now() + EVERY_MS;
  return (line) => {
    if (line.trim() === '' || CHATTER.test(line)) return;
    if (/\b\d{1,3}%/.test(line)) {
      if (performance.now() < quietUntil) return;
      quietUntil = performance.now() + EVERY_MS;
    }
    tell(line.trimEnd());
  };
}
