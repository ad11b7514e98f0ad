import { createColors } from 'picocolors';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import { plainLine, plainText } from '../domain/plain.js';

/** Where a verb writes: data to stdout, progress and mistakes to stderr. Colours only where a person looks. */
export interface Terminal {
  /** For data. */
  readonly colors: Colors;
  data(text: string): void;
  progress(text: string): void;
  /** A mistake and its mend. */
  problem(error: unknown): void;
  /** What went wrong, and its mend if there is one. */
  complain(message: string, hint: string | null): void;
  /** Colours for `progress`. */
  readonly quiet: Colors;
}

export type Colors = ReturnType<typeof createColors>;

/** One of a process's two outputs. */
interface Output extends NodeJS.WritableStream {
  /** True for a terminal; a pipe or a file says nothing. */
  readonly isTTY?: boolean;
}

/** The terminal of a process. `NO_COLOR` and pipes make it plain. */
export function openTerminal({
  stdout,
  stderr,
  plain,
}: {
  stdout: Output;
  stderr: Output;
  plain: boolean;
}): Terminal {
  for (const stream of [stdout, stderr]) stream.on('error', forgiveClosedPipe);
  // Said outright: left to itself, picocolors colours the pipes of Windows and of CI.
  const colors = createColors(!plain && stdout.isTTY === true);
  const quiet = createColors(!plain && stderr.isTTY === true);
  const complain = (message: string, hint: string | null): void => {
    stderr.write(`${quiet.red('✗')} ${plainText(message)}\n`);
    if (hint !== null) stderr.write(`  ${quiet.dim('→')} ${plainText(hint)}\n`);
  };
  return {
    colors,
    quiet,
    data: (text) => void stdout.write(`${text}\n`),
    progress: (text) => void stderr.write(`${text}\n`),
    problem: (error) => {
      complain(messageOf(error), isGitOpsError(error) ? error.hint : null);
    },
    complain,
  };
}

/** Whoever read us has seen enough (`status | head -1`): that is no failure of ours. */
function forgiveClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Rows in aligned columns; what is coloured is measured by what is seen. */
export function alignRows(rows: readonly (readonly string[])[], gap = '  '): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, visible(cell))));
  const pad = (cell: string, index: number): string =>
    cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - visible(cell)));
  return rows.map((row) => row.map(pad).join(gap).trimEnd()).join('\n');
}

function visible(text: string): number {
  return plainLine(text).length;
}
