import { open } from 'node:fs/promises';

const MAX_BYTES = 16 * 1024;
const TAIL_LINES = 5;

/** What a new process wrote into its error log. */
export interface ErrorLogTail {
  /** Its last lines. */
  readonly lines: readonly string[];
  /** The last line that names an error, or null. */
  readonly error: string | null;
}

/** Reads what came after byte `start`; an unreadable log is an empty one. */
export async function readErrorLog(path: string | null, start: number): Promise<ErrorLogTail> {
  const text = path === null ? '' : await readAfter(path, start).catch(() => '');
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const error = lines.findLast((line) => /^\s*(\w*(Error|Exception)\b|fatal\b|panic\b)/i.test(line)) ?? null;
  return { lines: lines.slice(-TAIL_LINES), error: error?.trim() ?? null };
}

async function readAfter(path: string, start: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(size < start ? 0 : start, size - MAX_BYTES); // shorter than before: the log was rotated
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
