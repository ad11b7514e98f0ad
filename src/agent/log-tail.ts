import { newInLog } from '../domain/cut-log.js';
import { parseLogLine, type LogLine } from '../observe/log.js';
import { readBytesIfAny } from '../os/files.js';

export type { LogLine } from '../observe/log.js';

/** Follows logs that grow, one or several in turn; every line that is not cut out before is handed out once. */
export class LogTail {
  readonly #onLine: (line: LogLine) => void;
  readonly #read = new Map<string, number>();

  constructor(onLine: (line: LogLine) => void) {
    this.#onLine = onLine;
  }

  /** Hands out what is new in the log at `path`. */
  async read(path: string): Promise<void> {
    const text = (await readBytesIfAny(path))?.toString('latin1') ?? ''; // a character for each byte
    const { fresh, read } = newInLog(text.slice(0, text.lastIndexOf('\n') + 1), this.#read.get(path) ?? 0);
    this.#read.set(path, read);
    for (const line of Buffer.from(fresh, 'latin1').toString('utf8').split('\n')) {
      const parsed = parseLogLine(line);
      if (parsed !== null) this.#onLine(parsed);
    }
  }
}
