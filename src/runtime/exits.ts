import type { Clock } from '../os/clock.js';
import { subscribe, type ProcessEvent } from './bus.js';
import type { DaemonPlace } from './socket.js';

/** Remembers the exits that pm2's bus tells, and cuts a pause short when one comes. */
export class ExitWatch {
  readonly #exits: ProcessEvent[] = [];
  #wake = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** Listens until the signal aborts. Without a bus, pauses simply last to their end. */
  async listen(place: DaemonPlace, pmIds: ReadonlySet<number>): Promise<void> {
    const note = (event: ProcessEvent): void => {
      if (event.event !== 'exit' || !pmIds.has(event.pmId)) return;
      this.#exits.push(event);
      this.#wake.abort();
    };
    await subscribe(place, note, this.signal).catch(() => undefined);
  }

  /** The first exit of `pmId` among incarnations that `wanted` takes by their `pm_uptime`. */
  find(pmId: number, wanted: (startedAt: number) => boolean): ProcessEvent | null {
    return this.#exits.find((exit) => exit.pmId === pmId && wanted(exit.startedAt)) ?? null;
  }

  /** Waits `ms`, or until an exit comes. */
  async pause(ms: number): Promise<void> {
    this.#wake = new AbortController();
    try {
      await this.clock.sleep(ms, AbortSignal.any([this.signal, this.#wake.signal]));
    } catch (error) {
      if (this.signal.aborted) throw error;
    }
  }
}
