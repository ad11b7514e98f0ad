import { once } from 'node:events';
import { incarnations, isOneOf, type AppProcess, type Incarnation } from '../domain/process.js';
import type { Clock } from '../os/clock.js';
import { subscribe, type ProcessEvent, type ProcessFault, type ReadyMessage } from './bus.js';
import type { DaemonPlace } from './socket.js';

// pm2 loads an ES module by import() and swallows every rejection: what fails to load leaves an empty process that lives for ever.
// Such an error passed through node's module loader, or through a top-level await, which is a frame without a name.
const ON_LOADING = /\bnode:internal\/modules\/|^\s+at async file:/m;

/** Remembers the exits and the uncaught errors that pm2's bus tells, and cuts a pause short when one comes. */
export class ExitWatch {
  readonly #exits: ProcessEvent[] = [];
  readonly #faults: ProcessFault[] = [];
  readonly #readies: ReadyMessage[] = [];
  #news = new AbortController();
  /** What lived already when it began to listen; null while it does not. */
  #before: readonly Incarnation[] | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** Listens until the signal aborts, if it does not yet; `look` tells what lives. Without a bus, pauses simply last to their end. */
  async listen(place: DaemonPlace, look: () => Promise<readonly AppProcess[]>): Promise<void> {
    if (this.#before !== null) return;
    try {
      await this.#subscribe(place);
    } catch {
      return;
    }
    this.#before = incarnations(await look());
  }

  /** Whether it listened already when this incarnation began: what failed to load before that, nobody tells it any more. */
  hasHeard(process: AppProcess): boolean {
    return !isOneOf(process, this.#before ?? []);
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

  /** Whether an incarnation that it heard from the beginning never said `ready`. */
  missesReady(process: AppProcess): boolean {
    const { pmId, startedAt } = process;
    const isListening = this.#before !== null;
    const hasCome = this.#readies.some((message) => message.pmId === pmId && message.at >= startedAt);
    return isListening && this.hasHeard(process) && !hasCome;
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

  async #subscribe(place: DaemonPlace): Promise<void> {
    const onEvent = (event: ProcessEvent): void => {
      if (event.event !== 'exit') return;
      this.#exits.push(event);
      this.#tell();
    };
    const onFault = (fault: ProcessFault): void => {
      if (!ON_LOADING.test(fault.stack)) return;
      this.#faults.push(fault);
      this.#tell();
    };
    const onReady = (message: ReadyMessage): void => {
      this.#readies.push(message);
    };
    const onEnd = (): void => {
      this.#before = null;
    };
    await subscribe(place, { onEvent, onFault, onReady, onEnd }, this.signal);
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
