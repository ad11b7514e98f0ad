import { redactUrls } from '../domain/redact.js';
import type { RunResult } from '../os/run.js';

const LINES = 6;
const MAX_CHARS = 600;

/** What a failed command said last, for a message: a few lines of its errors, or of its output if it wrote no errors. */
export function lastLines({ code, stdout, stderr }: RunResult): string {
  const text = stderr.trim() === '' ? stdout : stderr;
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  // npm ends each failure with where its log lies: no news.
  const telling = lines.filter(
    (line) => line !== '' && !/complete log of this run|_logs[/\\]|^npm (?:error|ERR!)$/.test(line),
  );
  const tail = redactUrls(telling.slice(-LINES).join(' | ')).slice(-MAX_CHARS);
  return `${code === null ? 'ended by a signal' : `exit code ${code}`}${tail === '' ? '' : `: ${tail}`}`;
}
