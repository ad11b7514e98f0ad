import type { LogLine } from '../agent/log-tail.js';
import { saySpan } from '../domain/moment.js';
import { plainLine } from '../domain/plain.js';
import type { Instant } from '../domain/release.js';
import type { Host } from '../agent/root.js';
import type { Say } from './moment.js';
import { renderLogLine } from './render.js';
import type { Terminal } from './terminal.js';

const TICK_MS = 1_000;
// What takes less is told without.
const WORTH_TELLING_MS = 1_000;

/** Tells of a run while it goes on: each step with how long it took, and on a terminal the step under way with its seconds. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Host['clock'];
  readonly #say: Say;
  #step: { readonly text: string; readonly since: Instant } | null = null;

  constructor(terminal: Terminal, { clock, say }: { clock: Host['clock']; say: Say }) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#say = say;
  }

  /** Takes a line of the run's log. */
  line(line: LogLine): void {
    const [terminal, at] = [this.#terminal, Date.parse(line.at)];
    if (line.kind === 'step') this.#ended(at);
    terminal.progress(renderLogLine(line, this.#say, terminal.quiet), line);
    if (line.kind === 'step') this.#step = { text: plainLine(line.text), since: at };
    this.#draw();
  }

  /** Has the seconds go on until the signal says that the run is over, or that nobody looks any more. */
  async tick(signal: AbortSignal): Promise<void> {
    if (this.#terminal.live === null) return;
    while (!signal.aborted) {
      this.#draw();
      await this.#clock.sleep(TICK_MS, signal).catch(() => undefined); // over: the loop ends
    }
  }

  /** How long the last step took, when nothing comes any more. */
  end(): void {
    this.#ended(this.#clock.now());
    this.#step = null;
  }

  #ended(at: Instant): void {
    const tookMs = this.#step === null ? 0 : at - this.#step.since;
    if (tookMs < WORTH_TELLING_MS || this.#terminal.json) return;
    this.#terminal.progress(
      this.#terminal.quiet.dim(`${' '.repeat('hh:mm:ss  '.length)}took ${saySpan(tookMs)}`),
    );
  }

  #draw(): void {
    const { quiet, live } = this.#terminal;
    if (this.#step === null || live === null) return;
    const seconds = Math.floor((this.#clock.now() - this.#step.since) / 1_000);
    const passed = seconds > 0 ? saySpan(seconds * 1_000) : '';
    live(quiet.dim(`${passed.padStart(8)}  ${this.#step.text}`));
  }
}
