import { heartbeatOf } from '../domain/heartbeat.js';
import { endedSince, noticesOf } from '../domain/news.js';
import type { Notice } from '../domain/notice.js';
import { afterSending, EMPTY_OUTBOX, nextLetter, withNotices } from '../domain/outbox.js';
import type { Instant } from '../domain/release.js';
import { freshTold, type Told } from '../domain/told.js';
import { lockWithin } from '../state/lock.js';
import { readNotices, writeNotices, type NoticeRecord } from '../state/notice-store.js';
import { listRuns, readNotes } from '../state/runs.js';
import type { Errand } from './call-courier.js';
import type { Root } from './root.js';
import { sightOf } from './sight.js';
import { beat, isSwitch, tellSink, type ListenerConfig, type Telling } from './sinks.js';

// Longer than a visit lasts.
const LOCK_WAIT_MS = 150_000;
const VISIT_MS = 120_000;
const RUNS_LOOKED_AT = 50;
const NOTHING: NoticeRecord = { told: freshTold(null), outbox: EMPTY_OUTBOX };

/**
 * One visit of a courier: tells dead man's switches how it is, then takes the lock, writes down what is to be told, and sends what is due. Of all
 * couriers of a root one sends at a time. What is written down is sent once, or once more where a courier dies between sending and writing.
 */
export async function deliver(root: Root, errand: Omit<Errand, 'root'>, signal: AbortSignal): Promise<void> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(VISIT_MS + LOCK_WAIT_MS)]);
  if (errand.beats) await beatAll(root, inTime);
  const { layout, host } = root;
  const holder = { pid: process.pid, startedAt: host.clock.now(), run: null };
  const terms = { path: layout.courierLock, holder, clock: host.clock, signal: inTime };
  const lock = await lockWithin(LOCK_WAIT_MS, terms);
  if (lock === null) return;
  try {
    await new Courier(root, AbortSignal.any([signal, AbortSignal.timeout(VISIT_MS)])).visit(errand.since);
  } finally {
    lock.release();
  }
}

async function beatAll(root: Root, signal: AbortSignal): Promise<void> {
  const heartbeat = heartbeatOf(await sightOf(root, freshTold(null), 0));
  const switches = root.config.notify.filter(isSwitch);
  await Promise.all(switches.map((config) => beat(root, { config, heartbeat }, signal)));
}

/** Holds `courier.lock`: nobody else changes the record. */
class Courier {
  readonly #root: Root;
  readonly #signal: AbortSignal;
  readonly #sinks: readonly ListenerConfig[];
  #record = NOTHING;
  #writing: Promise<void> = Promise.resolve();

  constructor(root: Root, signal: AbortSignal) {
    this.#root = root;
    this.#signal = signal;
    this.#sinks = root.config.notify.filter((sink) => !isSwitch(sink));
  }

  /** Goes on until there is nothing new: who came meanwhile may have left again. */
  async visit(since: Instant): Promise<void> {
    const found = await readNotices(this.#root.layout);
    this.#record = found ?? { ...NOTHING, told: freshTold(await this.#endBefore(since)) };
    // What cannot be written down would be sent again and again.
    await this.#change((record) => record);
    do {
      await this.#collect();
      await Promise.all(this.#sinks.map((sink) => this.#serve(sink)));
    } while (!this.#signal.aborted && (await this.#collect()));
  }

  /** Writes down what there is to tell. Whether there is anything. */
  async #collect(): Promise<boolean> {
    const sight = await sightOf(this.#root, this.#record.told, RUNS_LOOKED_AT);
    const { told, notices } = noticesOf(this.#record.told, sight);
    if (told === this.#record.told) return false;
    const tastes = Object.fromEntries(this.#sinks.map(({ name, taste }) => [name, taste]));
    const whole = await Promise.all(notices.map((notice) => this.#withNotes(notice)));
    await this.#change(({ outbox }) => ({ told, outbox: withNotices(outbox, whole, tastes) }));
    return notices.length > 0;
  }

  /** Sends a sink what is due, oldest first, until it fails. */
  async #serve(config: ListenerConfig): Promise<void> {
    const { clock } = this.#root.host;
    for (let waitMs = 0; ;) {
      const letter = nextLetter(this.#record.outbox, config.name, clock.now());
      if (letter === null) return;
      const told = await this.#send(config, letter.notice, waitMs);
      if (told === null) return;
      waitMs = told.gapMs;
      const sent = { id: letter.notice.id, sink: config.name, at: clock.now(), reception: told.reception };
      await this.#change(({ outbox, ...rest }) => ({ ...rest, outbox: afterSending(outbox, sent) }));
    }
  }

  /** Null where the time of the visit is over: the letter stays. */
  async #send(config: ListenerConfig, notice: Notice, waitMs: number): Promise<Telling | null> {
    try {
      await this.#root.host.clock.sleep(waitMs, this.#signal);
      return await tellSink(this.#root, { config, notice }, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) return null;
      throw error;
    }
  }

  async #withNotes(notice: Notice): Promise<Notice> {
    const tells = notice.event === 'activated' || notice.event === 'staged';
    return notice.run === null || !tells
      ? notice
      : { ...notice, release: await readNotes(this.#root.layout, notice.run) };
  }

  /** The newest run that had ended by then. */
  async #endBefore(since: Instant): Promise<Told['end']> {
    const runs = endedSince(null, await listRuns(this.#root.layout, RUNS_LOOKED_AT));
    const last = runs.findLast(({ endedAt }) => endedAt < since);
    return last === undefined ? null : { run: last.id, at: last.endedAt };
  }

  /** One change after the other, each on disk before it resolves. */
  #change(change: (record: NoticeRecord) => NoticeRecord): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      this.#record = await writeNotices(this.#root.layout, change(this.#record));
    });
    return this.#writing;
  }
}
