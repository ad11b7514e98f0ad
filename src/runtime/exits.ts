import { once } from 'node:events';
import type { Clock } from '../os/clock.js';
import { subscribe, type ProcessEvent, type ProcessFault } from './bus.js';
import type { DaemonPlace } from './socket.js';

// pm2 loads an ES module by import() and swallows every rejection: what fails to load leaves an empty process that lives for ever.
// Such an error passed through node's module loader, or through a top-level await, which is a frame without a name.
const ON_LOADING = /\bnode:internal\/modules\/|^\s+at async file:/m;

/** Remembers the exits and the uncaught errors that pm2's bus tells, and cuts a pause short when one comes. */
export class ExitWatch {
  readonly #exits: ProcessEvent[] = [];
  readonly #faults: ProcessFault[] = [];
  #news = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** Listens until the signal aborts, to these processes or (null) to all. Without a bus, pauses simply last to their end. */
  async listen(place: DaemonPlace, pmIds: ReadonlySet<number> | null): Promise<void> {
    const isMeant = (pmId: number): boolean => pmIds?.has(pmId) ?? true;
    const onEvent = (event: ProcessEvent): void => {
      if (event.event !== 'exit' || !isMeant(event.pmId)) return;
      this.#exits.push(event);
      this.#tell();
    };
    const onFault = (fault: ProcessFault): void => {
      if (!isMeant(fault.pmId) || !ON_LOADING.test(fault.stack)) return;
      this.#faults.push(fault);
      this.#tell();
    };
    await subscribe(place, { onEvent, onFault }, this.signal).catch(() => undefined);
  }

  /** How many exits have been told by now: what comes after is news. */
  mark(): number {
    return this.#exits.length;
  }

  /** The first exit of `pmId` after `mark` among incarnations that `wanted` takes by their `pm_uptime`. */
  find(pmId: number, mark: number, wanted: (startedAt: number) => boolean): ProcessEvent | null {
    return this.#exits.slice(mark).find((exit) => exit.pmId === pmId && wanted(exit.startedAt)) ?? null;
  }

  /** Resolves once something other than this incarnation of `pmId` crashes; rejects when `signal` aborts. */
  async crash(pmId: number, startedAt: number, signal: AbortSignal): Promise<void> {
    const mark = this.mark();
    const isCrash = ({ status, ...exit }: ProcessEvent): boolean =>
      exit.pmId === pmId && exit.startedAt !== startedAt && status !== 'stopping';
    while (!this.#exits.slice(mark).some(isCrash)) await this.#nextNews(signal);
  }

  /** The error that kept the incarnation of `pmId` which started at `startedAt` from loading its code, or null. */
  findFault(pmId: number, startedAt: number): ProcessFault | null {
    return this.#faults.find((fault) => fault.pmId === pmId && fault.at >= startedAt) ?? null;
  }

  /** Waits `ms`, or until an exit or an error comes. */
  async pause(ms: number): Promise<void> {
    const news = this.#news.signal;
    try {
      await this.clock.sleep(ms, AbortSignal.any([this.signal, news]));
    } catch (error) {
      if (!news.aborted || this.signal.aborted) throw error;
    }
  }

  #tell(): void {
    this.#news.abort();
    this.#news = new AbortController();
  }

  async #nextNews(signal: AbortSignal): Promise<void> {
    const news = this.#news.signal;
    const ends = AbortSignal.any([this.signal, signal, news]);
    if (!ends.aborted) await once(ends, 'abort');
    if (!news.aborted) throw new Error('nobody listens any more');
  }
}
