import { parseLogLine, type LogLine } from '../observe/log.js';
import { readTextIfAny } from '../os/files.js';

export type { LogLine } from '../observe/log.js';

/** Follows a log that grows; every line is handed out once. */
export class LogTail {
  readonly #onLine: (line: LogLine) => void;
  #path = '';
  #read = 0;

  constructor(onLine: (line: LogLine) => void) {
    this.#onLine = onLine;
  }

  /** Hands out what is new in the log at `path`. */
  async read(path: string): Promise<void> {
    if (path !== this.#path) this.#read = 0;
    this.#path = path;
    const text = (await readTextIfAny(path)) ?? '';
    const whole = text.slice(this.#read, text.lastIndexOf('\n') + 1);
    this.#read += whole.length;
    for (const line of whole.split('\n')) {
      const parsed = parseLogLine(line);
      if (parsed !== null) this.#onLine(parsed);
    }
  }
}
