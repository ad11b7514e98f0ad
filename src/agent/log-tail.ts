import { parseLogLine, type LogLine } from '../observe/log.js';
import { readTextIfAny } from '../os/files.js';

export type { LogLine } from '../observe/log.js';

/** Follows logs that grow, one or several in turn; every line is handed out once. */
export class LogTail {
  readonly #onLine: (line: LogLine) => void;
  readonly #read = new Map<string, number>();

  constructor(onLine: (line: LogLine) => void) {
    this.#onLine = onLine;
  }

  /** Hands out what is new in the log at `path`. */
  async read(path: string): Promise<void> {
    const text = (await readTextIfAny(path)) ?? '';
    const read = this.#read.get(path) ?? 0;
    const whole = text.slice(read, text.lastIndexOf('\n') + 1);
    this.#read.set(path, read + whole.length);
    for (const line of whole.split('\n')) {
      const parsed = parseLogLine(line);
      if (parsed !== null) this.#onLine(parsed);
    }
  }
}
