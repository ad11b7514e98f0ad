import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { resolve } from 'node:path';
import type { Clock } from '../os/clock.js';
import { pageOf, partsOf, type Page } from '../page/document.js';
import type { PageView } from '../page/view.js';
import { layoutOf } from '../state/layout.js';

/** A page as it was read, and what tells it from others. */
export interface ReadPage {
  readonly page: Page;
  readonly version: string;
  /** A worker is at work. */
  readonly busy: boolean;
}

/** What a live page is made of. */
export interface LiveTerms {
  readonly folders: readonly string[];
  readonly clock: Clock;
  /** The end of all watching. */
  readonly signal: AbortSignal;
  readonly read: (signal: AbortSignal) => Promise<PageView>;
}

const MOST_LISTENERS = 16;
// A log grows without a change of the state's own folder, and what pm2 does shows nowhere.
const BUSY_MS = 1_000;
const REST_MS = 15_000;
// What changes at once is told at once.
const GATHER_MS = 250;
// How long one reading serves whoever asks.
const SHARED_MS = 1_000;

/**
 * One page for all who look: the records are read once for all of them, and only while somebody looks. Whoever listens is told what has changed, as
 * server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
export class LivePage {
  readonly #terms: LiveTerms;
  #listeners = 0;
  #changed = new AbortController();
  #reading: Promise<ReadPage> | null = null;
  #readAt = -Infinity;

  constructor(terms: LiveTerms) {
    this.#terms = terms;
    for (const folder of terms.folders) this.#watch(layoutOf(resolve(folder)).state);
  }

  /** Whether as many listen as may. */
  get isFull(): boolean {
    return this.#listeners >= MOST_LISTENERS;
  }

  /** The page as it is now. */
  read(): Promise<ReadPage> {
    const { clock } = this.#terms;
    const isShared = this.#reading !== null && clock.monotonicMs() - this.#readAt < SHARED_MS;
    if (isShared && this.#reading !== null) return this.#reading;
    this.#readAt = clock.monotonicMs();
    this.#reading = this.#readNow();
    return this.#reading;
  }

  /** Events for one who has the page of that version: what is different by now, then each change; if nothing changes, that it was looked at. */
  async *events(known: string, signal: AbortSignal): AsyncGenerator<string, void> {
    this.#listeners += 1;
    try {
      let told: ReadonlyMap<string, string> | null = null;
      while (!signal.aborted) {
        const changed = this.#changed.signal;
        const { page, version, busy } = await this.read();
        const parts = textsOf(page);
        yield eventOf(page, version, told === null && version === known ? [] : newOf(parts, told));
        told = parts;
        await this.#rest(busy ? BUSY_MS : REST_MS, changed, signal);
      }
    } finally {
      this.#listeners -= 1;
    }
  }

  async #readNow(): Promise<ReadPage> {
    const view = await this.#terms.read(this.#terms.signal);
    const page = pageOf(view);
    const busy = view.roots.some((root) => root.read && root.status.worker !== null);
    return { page, version: versionOf(page), busy };
  }

  /** Until something has changed, or for so long. */
  async #rest(ms: number, changed: AbortSignal, signal: AbortSignal): Promise<void> {
    const { clock } = this.#terms;
    await clock.sleep(ms, AbortSignal.any([changed, signal])).catch(() => undefined);
    await clock.sleep(GATHER_MS, signal).catch(() => undefined); // whoever listened has gone: the loop ends
  }

  /** Where the system watches nothing, what has changed is seen a little later. */
  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        this.#note();
      });
      const close = (): void => {
        watcher.close();
      };
      watcher.on('error', close);
      this.#terms.signal.addEventListener('abort', close, { once: true });
    } catch {
      // No such folder yet, or no watches left.
    }
  }

  #note(): void {
    this.#readAt = -Infinity;
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}

function textsOf(page: Page): ReadonlyMap<string, string> {
  return new Map(partsOf(page).map(({ id, markup }) => [id, markup.text]));
}

function newOf(parts: ReadonlyMap<string, string>, told: ReadonlyMap<string, string> | null): string[] {
  return [...parts].flatMap(([id, text]) => (told?.get(id) === text ? [] : [text]));
}

function eventOf({ title, asOf }: Page, version: string, parts: readonly string[]): string {
  return `id: ${version}\nevent: page\ndata: ${JSON.stringify({ title, asOf, parts })}\n\n`;
}

function versionOf(page: Page): string {
  const hash = createHash('sha256').update(page.title);
  for (const [id, text] of textsOf(page)) hash.update(`\n${id}\n${text}`);
  return hash.digest('base64url').slice(0, 22);
}
