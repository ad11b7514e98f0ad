/** How long a log may become, and how much stays at either end when it is cut, all in bytes. */
export interface LogBounds {
  readonly most: number;
  readonly head: number;
  readonly tail: number;
}

/** A log whose middle may have been cut out. The line that says so stands between its ends. */
export interface LogParts {
  readonly head: string;
  readonly cut: { readonly line: string; readonly bytes: number; readonly lines: number } | null;
  readonly tail: string;
}

const CUT_LINE = /^\S+Z \* (\d+) lines \((\d+) bytes\) were cut out here\n/m;

/** The parts of a log, a character for each byte. */
export function partsOfLog(text: string): LogParts {
  const found = CUT_LINE.exec(text);
  if (found === null) return { head: text, cut: null, tail: '' };
  const [line, lines, bytes] = found;
  return {
    head: text.slice(0, found.index),
    cut: { line, lines: Number(lines), bytes: Number(bytes) },
    tail: text.slice(found.index + line.length),
  };
}

/** The log without the lines of its middle. What was cut before is counted with it. `at`: ISO time. */
export function cutLog(text: string, at: string, bounds: LogBounds): string {
  const { head, cut, tail } = partsOfLog(text);
  const begin = cut === null ? text.slice(0, lineEnd(text, bounds.head)) : head;
  const rest = cut === null ? text.slice(begin.length) : tail;
  const kept = rest.slice(lineEnd(rest, rest.length - bounds.tail));
  const gone = rest.slice(0, rest.length - kept.length);
  const lines = gone.split('\n').length - 1 + (cut?.lines ?? 0);
  const bytes = gone.length + (cut?.bytes ?? 0);
  return `${begin}${at} * ${lines} lines (${bytes} bytes) were cut out here\n${kept}`;
}

/** What has been written since the first `read` bytes, those that are gone included; and how many bytes there were in all. */
export function newInLog(text: string, read: number): { fresh: string; read: number } {
  const { head, cut, tail } = partsOfLog(text);
  const gone = cut?.bytes ?? 0;
  const all = head.length + gone + tail.length;
  if (cut === null || read <= head.length) return { fresh: text.slice(read), read: all };
  const since = read - head.length - gone;
  return { fresh: since < 0 ? cut.line + tail : tail.slice(since), read: all };
}

/** Where the last line ends that is over at `at`, or before. */
function lineEnd(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
}
