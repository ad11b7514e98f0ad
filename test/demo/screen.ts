import { createColors } from 'picocolors';
import { plainLine } from '../../src/domain/plain.js';
import type { Colors } from '../../src/cli/terminal.js';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const WIDTH = 100;
const INDENT = 4;
const ERASE = '\r\u001b[2K';

/** The visitor's terminal: lines that stay, and below them one that lives. In a pipe there are only lines, plain. */
export class Screen {
  readonly colors: Colors;
  readonly #out: NodeJS.WriteStream;
  /** Whether the last line can be written anew. */
  readonly #lives: boolean;
  #frame = 0;

  constructor(out: NodeJS.WriteStream, { plain }: { plain: boolean }) {
    this.#out = out;
    this.#lives = out.isTTY && process.env['TERM'] !== 'dumb';
    this.colors = createColors(this.#lives && !plain);
  }

  /** Writes a line that stays. */
  line(text = ''): void {
    this.#out.write(`${this.#lives ? ERASE : ''}${text}\n`);
  }

  /** Writes a longer text that stays, broken between words, with its mark before it. */
  paragraph(mark: string, text: string): void {
    const width = Math.min(this.#lives ? this.#out.columns || WIDTH : WIDTH, WIDTH) - INDENT;
    const lines = plainLine(text)
      .split(' ')
      .reduce<string[]>((done, word) => {
        const last = done.at(-1);
        if (last === undefined || last.length + word.length + 1 > width) return [...done, word];
        return [...done.slice(0, -1), `${last} ${word}`];
      }, []);
    lines.forEach((line, index) => {
      this.line(`  ${index === 0 ? mark : ' '} ${line}`);
    });
  }

  /** Shows what goes on at this moment, until the next line or moment. */
  live(text: string): void {
    if (!this.#lives) return;
    this.#frame += 1;
    const frame = FRAMES[this.#frame % FRAMES.length] ?? '';
    const fits = plainLine(text).slice(0, Math.max(0, (this.#out.columns || 80) - 14));
    this.#out.write(`${ERASE}          ${this.colors.cyan(frame)} ${this.colors.dim(fits)}`);
  }

  /** Begins a chapter of the story. */
  chapter(title: string, remark: string): void {
    this.line();
    this.line(`  ${this.colors.bold(this.colors.cyan(title))}   ${this.colors.dim(remark)}`);
    this.line();
  }
}
