import { systemClock } from '../../src/os/clock.js';

const clock = systemClock();
const PAUSE_MS = 50;

/** How long to wait for something, and how often to look. */
export interface Patience {
  readonly limitMs?: number;
  readonly everyMs?: number;
}

/** Looks until `look` gives something other than null, undefined or false; says what it waited for when it gives up. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T> | T,
  { limitMs = 20_000, everyMs }: Patience = {},
): Promise<Exclude<T, null | undefined | false>> {
  const startMs = clock.monotonicMs();
  for (;;) {
    const lookMs = clock.monotonicMs();
    const found = await look();
    if (isSomething(found)) return found;
    const nowMs = clock.monotonicMs();
    if (nowMs - startMs > limitMs) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    // Looks that take long must not keep what they wait for from coming: they get a quarter of a core at most.
    const pauseMs = everyMs ?? Math.ceil(Math.max(PAUSE_MS, 3 * (nowMs - lookMs)));
    await clock.sleep(pauseMs, AbortSignal.timeout(limitMs + pauseMs));
  }
}

/** Makes sure that something stays true for a while: the only way to see that nothing happens. */
export async function stays(
  what: string,
  look: () => Promise<boolean> | boolean,
  forMs: number,
): Promise<void> {
  const startMs = clock.monotonicMs();
  while (clock.monotonicMs() - startMs < forMs) {
    if (!(await look())) throw new Error(`did not stay for ${forMs} ms: ${what}`);
    await clock.sleep(50, AbortSignal.timeout(forMs + 1_000));
  }
}

function isSomething<T>(value: T): value is Exclude<T, null | undefined | false> {
  return value !== null && value !== undefined && value !== false;
}
