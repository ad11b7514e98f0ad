import type { ListenAddress } from '../config/metrics.js';
import type { Clock } from '../os/clock.js';
import type { Listening } from './listen.js';
import type { Root } from './root.js';

// What programs are told, where `gitops.json` asks for it: nothing of it is loaded where it does not.

/** Listens at the address that `gitops.json` names, as long as it names it. */
export class Listener {
  readonly #clock: Clock;
  readonly #onProblem: Listening['onProblem'];
  #current: {
    readonly address: ListenAddress;
    readonly over: AbortController;
    readonly ended: Promise<void>;
  } | null = null;

  constructor(clock: Clock, onProblem: Listening['onProblem']) {
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** Listens where the configuration says now, and no longer where it said before. */
  async follow({ config, layout }: Root): Promise<void> {
    const address = config.metrics.listen;
    if (isSame(this.#current?.address ?? null, address)) return;
    await this.close();
    if (address === null) return;
    const { listen } = await import('./listen.js');
    const over = new AbortController();
    const listening = { folder: layout.root, address, signal: over.signal };
    const ended = listen({ ...listening, clock: this.#clock, onProblem: this.#onProblem });
    this.#current = { address, over, ended: ended.catch(this.#onProblem) };
  }

  /** Stops listening. */
  async close(): Promise<void> {
    this.#current?.over.abort(new Error('nobody is to listen any more'));
    await this.#current?.ended;
    this.#current = null;
  }
}

/** Writes the file that node_exporter collects. */
export async function tellFile(root: Root, signal: AbortSignal): Promise<void> {
  const { file } = root.config.metrics;
  if (file === null) return;
  const { writeMetricsFile } = await import('./metrics-file.js');
  await writeMetricsFile(root, file, signal);
}

function isSame(some: ListenAddress | null, other: ListenAddress | null): boolean {
  return some?.host === other?.host && some?.port === other?.port;
}
