import { createColors } from 'picocolors';
import type { OutputWishes } from '../agent/compose.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import { plainText } from '../domain/plain.js';
import { columnsOf, cut, wrap } from './columns.js';
import { errorJson, jsonLine, jsonText } from './json.js';

/** Where a verb writes: data to stdout, progress and mistakes to stderr. Colours only where a person looks; with `--json` both are JSON. */
export interface Terminal {
  /** `--json`. */
  readonly json: boolean;
  /** For data. */
  readonly colors: Colors;
  /** How wide the terminal is that data goes to; null for a pipe or a file, which have no width. */
  readonly columns: number | null;
  /** Data that looks alike for all. */
  readonly data: (text: string) => void;
  /** Data: the object with `--json`, else the text. */
  readonly tell: (json: object, text: string) => void;
  /** A line of progress; with `--json` the object instead, on one line. */
  readonly progress: (text: string, json?: object) => void;
  /** What a person should know beside the data. With `--json` nothing: the data has it. */
  readonly caution: (text: string) => void;
  /** Shows a line that the next one replaces, whatever it is; null where nobody would see it move. */
  readonly live: ((line: string) => void) | null;
  /** A mistake and its mend. */
  readonly problem: (error: unknown) => void;
  /** What went wrong, and its mend if there is one. */
  readonly complain: (message: string, hint: string | null) => void;
  /** Colours for `progress`. */
  readonly quiet: Colors;
}

export type Colors = ReturnType<typeof createColors>;

/** One of a process's two outputs. */
interface Output extends NodeJS.WritableStream {
  /** True for a terminal; a pipe or a file says nothing. */
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a terminal is made of. */
export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly wishes: OutputWishes;
  readonly json: boolean;
}

/** The terminal of a process. */
export function openTerminal({ stdout, stderr, wishes, json }: Outputs): Terminal {
  for (const stream of [stdout, stderr]) stream.on('error', forgiveClosedPipe);
  const colors = colorsOf(stdout, wishes);
  const quiet = colorsOf(stderr, wishes);
  const live = liveLine(stderr, wishes, json);
  const write = (stream: Output, text: string): void => {
    live?.clear();
    stream.write(`${stream.isTTY === true && !wishes.unicode && !json ? asciiOf(text) : text}\n`);
  };
  const progress = (text: string, object: object = { note: text }): void => {
    write(stderr, json ? jsonLine(object) : text);
  };
  const complain = (message: string, hint: string | null): void => {
    write(stderr, `${quiet.red('✗')} ${hanging(message, 2, stderr)}`);
    if (hint !== null) write(stderr, `  ${quiet.dim('→')} ${hanging(hint, 4, stderr)}`);
  };
  return {
    ...{ json, colors, quiet, progress, complain },
    columns: stdout.isTTY === true ? (stdout.columns ?? null) : null,
    data: (text) => {
      write(stdout, text);
    },
    tell: (object, text) => {
      write(stdout, json ? jsonText(object) : text);
    },
    caution: (text) => {
      if (!json) write(stderr, `${quiet.yellow('!')} ${plainText(text)}`);
    },
    live: live?.show ?? null,
    problem: (error) => {
      if (json) write(stderr, jsonLine(errorJson(error)));
      else complain(messageOf(error), isGitOpsError(error) ? error.hint : null);
    },
  };
}

/** A text from outside, which stands so far from the left, in lines that fit. */
function hanging(text: string, indent: number, { isTTY, columns }: Output): string {
  if (isTTY !== true || columns === undefined) return plainText(text);
  const lines = plainText(text).split('\n');
  return lines.flatMap((line) => wrap(line, columns - indent)).join(`\n${' '.repeat(indent)}`);
}

// Said outright: left to itself, picocolors colours the pipes of Windows and of CI.
function colorsOf({ isTTY }: Output, { colors, dumb }: OutputWishes): Colors {
  return createColors(colors ?? (isTTY === true && !dumb));
}

/** A line that is replaced in place: with carriage return and EL (ECMA-48 8.3.41). */
function liveLine(
  stderr: Output,
  { dumb }: OutputWishes,
  json: boolean,
): { show: (line: string) => void; clear: () => void } | null {
  if (stderr.isTTY !== true || dumb || json) return null;
  let line = '';
  const draw = (text: string): void => {
    if (line !== '' || text !== '') stderr.write(`\r\u001b[K${text}`);
    line = text;
  };
  return {
    show: (text) => {
      draw(cut(text, (stderr.columns ?? 80) - 1));
    },
    clear: () => {
      draw('');
    },
  };
}

/** Whoever read us has seen enough (`status | head -1`): that is no failure of ours. */
function forgiveClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

// As wide as what they stand for: columns stay.
const ASCII: Readonly<Record<string, string>> = {
  ...{ '✗': 'x', '→': '>', '…': '~', '–': '-', '│': '|', '└': '+', '─': '-' },
};

/** Our own signs for a terminal that shows no others than those of ASCII; names from outside stay what they are. */
function asciiOf(text: string): string {
  return text.replace(/[✗→…–│└─▁-█]/g, (sign) => ASCII[sign] ?? '#');
}

// So much of a last column is still read.
const LEAST = 16;
// No other column is cut to less.
const LEAST_CUT = 8;

/** What a verb's data is shown on. */
export type Screen = Pick<Terminal, 'colors' | 'columns'>;

/** How rows are laid out. */
interface Table {
  /** What they are to fit into: then the last column is wrapped, and others are cut that are too wide. */
  readonly columns?: number | null;
  readonly gap?: string;
}

/** Rows in aligned columns; what is coloured is measured by what is seen. */
export function alignRows(
  rows: readonly (readonly string[])[],
  { columns = null, gap = '  ' }: Table = {},
): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, columnsOf(cell))));
  if (columns !== null) narrow(widths, columns, gap.length);
  return rows.flatMap((row) => linesOf(row, widths, { columns, gap })).join('\n');
}

function narrow(widths: number[], columns: number, gap: number): void {
  const last = widths.length - 1;
  for (;;) {
    const widest = Math.max(LEAST_CUT, ...widths.slice(0, last));
    const needed = startOf(last, widths, gap) + Math.min(LEAST, widths[last] ?? 0);
    if (needed <= columns || widest === LEAST_CUT) return;
    widths[widths.slice(0, last).indexOf(widest)] = widest - 1;
  }
}

function linesOf(
  row: readonly string[],
  widths: readonly number[],
  { columns, gap }: Required<Table>,
): string[] {
  const last = row.length - 1;
  const begin = row.slice(0, last).map((cell, index) => fitted(cell, widths[index] ?? 0) + gap);
  const indent = startOf(last, widths, gap.length);
  const cell = row[last] ?? '';
  const lines = columns === null ? [cell] : wrap(cell, Math.max(LEAST, columns - indent));
  return lines.map((line, index) => ((index === 0 ? begin.join('') : ' '.repeat(indent)) + line).trimEnd());
}

function startOf(column: number, widths: readonly number[], gap: number): number {
  return widths.slice(0, column).reduce((sum, width) => sum + width + gap, 0);
}

function fitted(cell: string, width: number): string {
  const shown = cut(cell, width);
  return shown + ' '.repeat(Math.max(0, width - columnsOf(shown)));
}
